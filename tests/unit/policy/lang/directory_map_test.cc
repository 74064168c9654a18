// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/directory_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "policy/decide/client_group.h"
#include "policy/lang/compile.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

DirectoryMap map_of(std::string_view text) {
  auto map = DirectoryMap::parse(text, "groups.map");
  if (!map) ADD_FAILURE() << to_text(map.error().front());
  return map ? *map : DirectoryMap{};
}

TEST(DirectoryMap, ALineAGroup) {
  const DirectoryMap map = map_of(
      "# staff of all sites\n"
      "Domain Users: anna,bert ,  carl@OTHER.LAN\r\n"
      "\n"
      "  \"R&D: \\\"core\\\"\" :anna\n"
      "empty:\n"
      "domain users: dora");
  ASSERT_NE(map.find("DOMAIN USERS"), nullptr);
  EXPECT_THAT(map.find("domain Users")->users, ElementsAre("anna", "bert", "carl@OTHER.LAN", "dora"));
  ASSERT_NE(map.find("R&D: \"core\""), nullptr);
  EXPECT_THAT(map.find("empty")->users, ElementsAre());
  EXPECT_EQ(map.find("other"), nullptr);
  EXPECT_EQ(map.members(), 5U);
}

TEST(DirectoryMap, ItsTextIsReadAsItself) {
  DirectoryMap map;
  map.group("R&D: \"co\\re\"").users = {"bert", "anna", "anna"};
  map.group("#1").users = {"carl"};
  map.group("\"quoted").users = {"carl"};
  map.group("Straße").users = {};
  EXPECT_EQ(map.text(),
            "\"\\\"quoted\": carl\n\"#1\": carl\n\"R&D: \\\"co\\\\re\\\"\": anna, bert\nStraße:\n");
  EXPECT_EQ(map_of(map.text()).text(), map.text());
}

TEST(DirectoryMap, LimitsHold) {
  const auto mistakes = [](const std::string& text) {
    const auto map = DirectoryMap::parse(text, "m");
    std::vector<std::string> texts;
    if (!map)
      for (const Error& error : map.error()) texts.push_back(to_text(error));
    return texts;
  };
  std::string text;
  for (std::size_t i = 0; i <= kDirectoryGroupsMax; ++i) text += "g" + std::to_string(i) + ":\n";
  EXPECT_THAT(mistakes(text), ElementsAre(HasSubstr("m:10001:1: error: more than 10000 groups")));
  text = "g: a";
  for (std::size_t i = 0; i < kDirectoryMembersMax; ++i) text += ",a";
  EXPECT_THAT(mistakes(text), ElementsAre(HasSubstr("more than 1000000 members")));
  EXPECT_THAT(mistakes("g: " + std::string(kDirectoryNameBytesMax, 'a')), ElementsAre());
  EXPECT_THAT(mistakes("g: " + std::string(kDirectoryNameBytesMax + 1, 'a')),
              ElementsAre(HasSubstr("m:1:4: error: a user has more than 255 bytes")));
  EXPECT_THAT(mistakes(std::string(kDirectoryNameBytesMax + 1, 'a') + ": a"),
              ElementsAre(HasSubstr("the group has more than 255 bytes")));
  EXPECT_EQ(mistakes(std::string(1'000, '\n') + std::string(200, 'x') + "\nx\n").size(), 2U);
  text.clear();
  for (int i = 0; i < 100; ++i) text += "x\n";
  EXPECT_EQ(mistakes(text).size(), kDirectoryMistakesMax);
  const test::TemporaryDirectory folder;
  std::ofstream(folder.path() + "/large") << std::string(kDirectoryBytesMax + 1, '\n');
  const auto large = DirectoryMap::load(folder.path() + "/large");
  ASSERT_FALSE(large.has_value());
  EXPECT_THAT(large.error().front().what, HasSubstr("has more than 67108864 bytes"));
}

class Groups : public testing::Test {
 protected:
  ResultAll<std::shared_ptr<const Policy>> compiled(const std::string& groups,
                                                    std::vector<Error>* warnings = nullptr) {
    return compile("weir-policy: 1\ndirectory: {file: groups.map}\ngroups:\n" + groups,
                   {.file = "p", .directory = folder_.path(), .warnings = warnings});
  }
  void write(const std::string& map) const { std::ofstream(folder_.path() + "/groups.map") << map; }
  std::string group(const std::shared_ptr<const Policy>& policy, const char* user) {
    return judge(policy, Flow{}.used_by(user)).group;
  }
  test::TemporaryDirectory folder_;
};

TEST_F(Groups, TheFirstGroupWithTheUserNamesTheClient) {
  write("Students: zoe, bert@OTHER.LAN\nDomain Users: anna, zoe\n");
  const auto policy =
      compiled("  one: {directory: students}\n  two: {directory: [domain users], users: [carl]}\n");
  ASSERT_TRUE(policy.has_value()) << to_text(policy.error().front());
  EXPECT_EQ(group(*policy, "Zoe@EXAMPLE.LAN"), "one");
  EXPECT_EQ(group(*policy, "bert@other.lan"), "one");
  EXPECT_EQ(group(*policy, "bert@EXAMPLE.LAN"), "");
  EXPECT_EQ(group(*policy, "EXAMPLE\\anna"), "two");
  EXPECT_EQ(group(*policy, "carl"), "two");
  EXPECT_EQ(group(*policy, "dora"), "");
}

TEST_F(Groups, TheFileIsReadAgainWithThePolicy) {
  write("Staff: anna\n");
  const std::string groups = "  staff: {directory: Staff}\n";
  const auto before = compiled(groups);
  write("Staff: bert\n");
  const auto after = compiled(groups);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(group(*before, "anna"), "staff");
  EXPECT_EQ(group(*after, "anna"), "");
  EXPECT_EQ(group(*after, "bert"), "staff");
  write("Staff bert\n");
  const auto wrong = compiled(groups);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(to_text(wrong.error().front()), HasSubstr("groups.map:1:1: error: no colon behind the group"));
}

TEST_F(Groups, OnlyTheSameDirectoryGroupIsHeldByAnEarlierOne) {
  write("Staff: anna\nOthers: anna\n");
  std::vector<Error> warnings;
  ASSERT_TRUE(compiled("  a: {directory: Staff}\n  b: {directory: staff}\n", &warnings));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0].what, HasSubstr("group b names nobody"));
  ASSERT_TRUE(compiled("  a: {directory: Staff}\n  b: {directory: Others}\n", &warnings));
  EXPECT_TRUE(warnings.empty()) << "the same users today";
}

}  // namespace
}  // namespace weir::policy
