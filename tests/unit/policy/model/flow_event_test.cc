// SPDX-License-Identifier: Apache-2.0
// The schema of events stays compatible: flow_event.fields is the list of every field that there ever was,
// and nothing of it may go or change. WEIR_UPDATE_SCHEMA=1 adds new ones to it. And docs/events.md is what
// the comments of the schema say; WEIR_UPDATE_DOCS=1 writes it.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "policy/model/flow_event.pb.h"

namespace weir {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr const char* kFieldsFile = WEIR_SOURCE_DIR "/tests/unit/policy/model/flow_event.fields";
constexpr const char* kPage = WEIR_SOURCE_DIR "/docs/events.md";
constexpr std::size_t kPageColumns = 120;

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// "Message number name type", of an enumeration "Enumeration number NAME value".
Lines fields_of(const FileDescriptor& file) {
  Lines lines;
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor& message = *file.message_type(i);
    for (int j = 0; j < message.field_count(); ++j) {
      const FieldDescriptor& field = *message.field(j);
      std::string type = field.type_name();
      if (field.message_type() != nullptr) type = field.message_type()->name();
      if (field.enum_type() != nullptr) type = field.enum_type()->name();
      if (field.is_repeated()) type = "repeated " + type;
      if (field.has_optional_keyword()) type = "optional " + type;
      lines.push_back(message.name() + " " + std::to_string(field.number()) + " " + field.name() + " " +
                      type);
    }
  }
  for (int i = 0; i < file.enum_type_count(); ++i) {
    const auto& names = *file.enum_type(i);
    for (int j = 0; j < names.value_count(); ++j) {
      const auto& value = *names.value(j);
      lines.push_back(names.name() + " " + std::to_string(value.number()) + " " + value.name() + " value");
    }
  }
  return lines;
}

/// "Message number" of a line.
std::string number_of(const std::string& line) { return line.substr(0, line.find(' ', line.find(' ') + 1)); }

/// What of the present fields breaks who reads or wrote by the list.
Lines breaks(const Lines& listed, const Lines& present) {
  std::map<std::string, std::string> by_number;
  for (const std::string& line : present) by_number[number_of(line)] = line;
  Lines found;
  for (const std::string& line : listed) {
    const auto now = by_number.find(number_of(line));
    if (now == by_number.end()) {
      found.push_back(line +
                      ": was removed (leave it, and say in its comment that nothing fills it any more)");
    } else if (now->second != line) {
      found.push_back(line + ": is now " + now->second + " (give what is new a number of its own)");
    }
  }
  return found;
}

Lines additions(const Lines& listed, const Lines& present) {
  const std::set<std::string> known{listed.begin(), listed.end()};
  Lines found;
  std::ranges::copy_if(present, std::back_inserter(found),
                       [&](const std::string& line) { return !known.contains(line); });
  return found;
}

TEST(FlowEventSchema, KeepsEveryFieldThatThereEverWas) {
  const Lines listed = lines_of(text_of(kFieldsFile));
  const Lines present = fields_of(*event::FlowEvent::descriptor()->file());
  ASSERT_THAT(breaks(listed, present), IsEmpty());
  const Lines added = additions(listed, present);
  if (std::getenv("WEIR_UPDATE_SCHEMA") != nullptr) {
    std::ofstream out(kFieldsFile, std::ios::app);
    for (const std::string& line : added) out << line << "\n";
    return;
  }
  EXPECT_THAT(added, IsEmpty()) << "run this test with WEIR_UPDATE_SCHEMA=1 to add them to the list";
  EXPECT_GT(listed.size(), 200U);
}

TEST(FlowEventSchema, ARemovedRenumberedRetypedOrRenamedFieldIsABreak) {
  const Lines listed{"Hit 1 rule string", "Hit 2 section string"};
  EXPECT_THAT(breaks(listed, {"Hit 1 rule string", "Hit 2 section string", "Hit 3 action string"}),
              IsEmpty());
  EXPECT_THAT(
      breaks(listed, {"Hit 1 rule string"}),
      ElementsAre("Hit 2 section string: was removed (leave it, and say in its comment that nothing fills it "
                  "any more)"));
  EXPECT_EQ(breaks(listed, {"Hit 1 rule string", "Hit 4 section string"}).size(), 1U) << "renumbered";
  EXPECT_EQ(breaks(listed, {"Hit 1 rule bytes", "Hit 2 section string"}).size(), 1U) << "retyped";
  EXPECT_EQ(breaks(listed, {"Hit 1 rule repeated string", "Hit 2 section string"}).size(), 1U)
      << "a list now";
  EXPECT_EQ(breaks(listed, {"Hit 1 name string", "Hit 2 section string"}).size(), 1U) << "renamed";
  EXPECT_EQ(breaks(listed, {"Hit 1 section string", "Hit 2 rule string"}).size(), 2U) << "swapped";
  EXPECT_THAT(additions(listed, {"Hit 1 rule string", "Hit 3 action string"}),
              ElementsAre("Hit 3 action string"));
}

/// A comment as one line.
std::string words_of(const std::string& comment) {
  std::istringstream in{comment};
  std::string line;
  for (std::string word; in >> word;) line += (line.empty() ? "" : " ") + word;
  return line;
}

template <typename Thing>
std::string comment_of(const Thing& thing) {
  google::protobuf::SourceLocation place;
  if (!thing.GetSourceLocation(&place)) return {};
  return words_of(place.leading_comments.empty() ? place.trailing_comments : place.leading_comments);
}

std::string wrapped(const std::string& text) {
  std::string page;
  std::istringstream in{text};
  std::size_t column = 0;
  for (std::string word; in >> word;) {
    if (column > 0 && column + 1 + word.size() > kPageColumns) {
      page += "\n";
      column = 0;
    }
    if (column > 0) page += " ";
    page += word;
    column += (column > 0 ? 1 : 0) + word.size();
  }
  return page;
}

std::string section_of(const Descriptor& message, const std::string& heading) {
  std::string page = heading + message.name() + "\n\n";
  if (const std::string text = comment_of(message); !text.empty()) page += wrapped(text) + "\n\n";
  page += "| field | meaning |\n|---|---|\n";
  for (int i = 0; i < message.field_count(); ++i) {
    const std::string meaning = comment_of(*message.field(i));
    EXPECT_FALSE(meaning.empty()) << message.field(i)->full_name() << " has no comment";
    EXPECT_EQ(meaning.find('|'), std::string::npos) << message.field(i)->full_name();
    page += "| `" + message.field(i)->name() + "` | " + meaning + " |\n";
  }
  return page + "\n";
}

/// The messages of the schema as its text says them, FlowEvent first.
std::string page_of_the_schema() {
  google::protobuf::FileDescriptorSet set;  // with the comments, which the generated code has not
  google::protobuf::DescriptorPool pool;
  if (!set.ParseFromString(text_of(WEIR_SCHEMA_FILE)) || set.file_size() != 1)
    return "the schema cannot be read";
  const FileDescriptor* file = pool.BuildFile(set.file(0));
  if (file == nullptr) return "the schema cannot be read";
  std::string page;
  for (int i = 0; i < file->message_type_count(); ++i) {
    const Descriptor& message = *file->message_type(i);
    page += section_of(message, message.name() == "FlowEvent" ? "## " : "### ");
  }
  return page;
}

TEST(FlowEventPage, SaysWhatTheCommentsOfTheSchemaSay) {
  std::string page = text_of(kPage);
  const std::string begin = "<!-- events -->\n";
  const std::size_t first = page.find(begin);
  const std::size_t last = page.find("<!-- end of the events -->\n");
  ASSERT_NE(first, std::string::npos);
  ASSERT_NE(last, std::string::npos);
  const std::size_t at = first + begin.size();
  if (std::getenv("WEIR_UPDATE_DOCS") != nullptr) {
    page.replace(at, last - at, page_of_the_schema());
    std::ofstream(kPage) << page;
    return;
  }
  EXPECT_EQ(page.substr(at, last - at), page_of_the_schema())
      << "run this test with WEIR_UPDATE_DOCS=1 to write the page";
}

}  // namespace
}  // namespace weir
