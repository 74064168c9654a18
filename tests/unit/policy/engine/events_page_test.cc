// SPDX-License-Identifier: Apache-2.0
// docs/events.md and the schema say the same.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/bus/streams.h"
#include "policy/model/flow_event.pb.h"

namespace weir::policy {
namespace {

std::string page() {
  std::stringstream text;
  text << std::ifstream(std::string{WEIR_SOURCE_DIR} + "/docs/events.md").rdbuf();
  return text.str();
}

/// The part of the page under the heading of that message.
std::string section_of(const std::string& text, const std::string& message) {
  const std::string heading = "# " + message + "\n";
  const std::size_t begin = text.find(heading);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n#", begin + heading.size()) - begin);
}

TEST(EventsPage, NamesEveryFieldOfEveryMessage) {
  const std::string text = page();
  const auto* file = event::FlowEvent::descriptor()->file();
  int fields = 0;
  for (int i = 0; i < file->message_type_count(); ++i) {
    const auto* message = file->message_type(i);
    const std::string section = section_of(text, message->name());
    EXPECT_FALSE(section.empty()) << message->name();
    for (int j = 0; j < message->field_count(); ++j, ++fields) {
      EXPECT_NE(section.find("\n| `" + message->field(j)->name() + "` |"), std::string::npos)
          << message->name() << "." << message->field(j)->name() << " is not in docs/events.md";
    }
  }
  EXPECT_GT(fields, 60);
  for (int i = 0; i < file->enum_type(0)->value_count(); ++i) {
    EXPECT_NE(text.find(file->enum_type(0)->value(i)->name()), std::string::npos);
  }
}

TEST(EventsPage, NamesOnlyFieldsThatThereAre) {
  const std::string text = page();
  const auto* file = event::FlowEvent::descriptor()->file();
  for (int i = 0; i < file->message_type_count(); ++i) {
    std::istringstream lines{section_of(text, file->message_type(i)->name())};
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("| `")) continue;
      const std::string name = line.substr(3, line.find('`', 3) - 3);
      EXPECT_NE(file->message_type(i)->FindFieldByName(name), nullptr) << name;
    }
  }
}

TEST(EventsPage, NamesTheStreamsAndTheGroup) {
  const std::string text = page();
  EXPECT_NE(text.find(std::string{kFlowStreamPrefix} + "N"), std::string::npos);
  EXPECT_NE(text.find(std::string{kDeadStream}), std::string::npos);
  EXPECT_NE(text.find(std::string{kFactsStream}), std::string::npos);
  EXPECT_NE(text.find(std::string{kEngineGroup}), std::string::npos);
}

}  // namespace
}  // namespace weir::policy
