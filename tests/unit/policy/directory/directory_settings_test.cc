// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/directory_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> mistakes_of(const std::string& text) {
  const auto settings = parse_directory_settings(text, "d");
  std::vector<std::string> texts;
  if (!settings)
    for (const Error& error : settings.error()) texts.push_back(to_text(error));
  return texts;
}

constexpr const char* kLeast = "weir-directory: 1\nurl: ldap://dc1.example.lan\nbase: dc=example,dc=lan\n";

TEST(DirectorySettings, WhatIsWrittenAndWhatIsNot) {
  const auto least = parse_directory_settings(kLeast, "d");
  ASSERT_TRUE(least.has_value()) << to_text(least.error().front());
  EXPECT_EQ(least->user_attribute, "uid");
  EXPECT_EQ(least->file, "groups.map");
  const auto all = parse_directory_settings(
      std::string(kLeast) +
          "ca_file: /etc/weir/ca.pem\nbind_dn: cn=weir,dc=example,dc=lan\npassword_file: /etc/weir/p\n"
          "group_filter: (objectClass=group)\ngroup_attribute: sAMAccountName\nuser_filter: "
          "(objectClass=user)\n"
          "user_attribute: sAMAccountName\nnested: 0\npage: 1000\ntimeout: 5s\nlongest: 1m\nfile: ad.map\n",
      "d");
  ASSERT_TRUE(all.has_value()) << to_text(all.error().front());
  EXPECT_EQ(all->bind_dn, "cn=weir,dc=example,dc=lan");
  EXPECT_EQ(all->user_attribute, "sAMAccountName");
  EXPECT_EQ(all->nested, 0U);
  EXPECT_EQ(all->page_entries, 1'000U);
  EXPECT_EQ(all->timeout, 5 * kSecond);
  EXPECT_EQ(all->longest, 60 * kSecond);
}

TEST(DirectorySettings, EveryMistakeAtItsPlace) {
  EXPECT_THAT(mistakes_of("url: x\n"), ElementsAre(HasSubstr("d:1:1: error: not a file of version 1")));
  EXPECT_THAT(mistakes_of("weir-directory: 1\n"),
              ElementsAre(HasSubstr("url is missing"), HasSubstr("base is missing")));
  EXPECT_THAT(
      mistakes_of(std::string(kLeast) +
                  "bind_dn: cn=weir\nca_file: ca.pem\ngroup_filter: objectClass=group\nuser_attribute: a b\n"
                  "nested: 17\npage: 0\ntimeout: soon\nfile: ../x\ntls: off\n"),
      ElementsAre(HasSubstr("d:4:10: error: bind_dn without password_file"),
                  HasSubstr("d:5:10: error: ca_file is \"ca.pem\""),
                  HasSubstr("d:6:15: error: group_filter is"), HasSubstr("d:7:17: error: user_attribute is"),
                  HasSubstr("d:8:9: error: nested"), HasSubstr("d:9:7: error: page"),
                  HasSubstr("d:10:10: error: timeout is"), HasSubstr("d:11:7: error: file is"),
                  HasSubstr("d:12:1: error: unknown key tls")));
  for (const char* const url :
       {"ldapi://x", "ldap://", "http://x", "ldap://a/dc=x", "ldap://a ldap://b", "x"}) {
    EXPECT_THAT(mistakes_of("weir-directory: 1\nbase: dc=x\nurl: \"" + std::string(url) + "\"\n"),
                ElementsAre(HasSubstr("url is")))
        << url;
  }
  EXPECT_THAT(
      mistakes_of("weir-directory: 1\nurl: ldap://a\nbase: " + std::string(kDirectoryTextBytesMax + 1, 'a')),
      ElementsAre(HasSubstr("base is no text of at most 1024 bytes")));
}

}  // namespace
}  // namespace weir::policy
