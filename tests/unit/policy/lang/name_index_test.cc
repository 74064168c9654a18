// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/name_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::policy {
namespace {

constexpr std::uint8_t kAny = 0xff;

NameIndex index_of_hosts(const std::vector<std::string>& patterns) {
  NameIndex index{host_label};
  for (std::size_t i = 0; i < patterns.size(); ++i)
    index.add(patterns[i], static_cast<std::uint16_t>(i), kAny);
  index.finish();
  return index;
}

TEST(NameIndex, APatternWithoutADotIsAboutTheNameWithoutItsDomain) {
  const NameIndex index = index_of_hosts({"pc7", "lab-*", "*.hall.example", "pc8.hall.example"});
  EXPECT_EQ(index.first_group("PC7", 1), 0U);
  EXPECT_EQ(index.first_group("pc7.hall.example", 1), 0U);
  EXPECT_EQ(index.first_group("pc77", 1), NameIndex::kNone);
  EXPECT_EQ(index.first_group("lab-3.other.example", 1), 1U);
  EXPECT_EQ(index.first_group("pc8.Hall.example", 1), 2U) << "the first group wins, pattern or not";
  EXPECT_EQ(index.first_group("hall.example", 1), NameIndex::kNone);
  EXPECT_EQ(index.first_group("", 1), NameIndex::kNone);
}

TEST(NameIndex, UsersHaveTheirRealmInFrontOrBehind) {
  EXPECT_EQ(user_part("anna@EXAMPLE.LAN"), "anna");
  EXPECT_EQ(user_part("EXAMPLE\\anna"), "anna");
  EXPECT_EQ(user_part("anna"), "anna");
  NameIndex index{user_part};
  index.add("anna@EXAMPLE.LAN", 0, kAny);
  index.add("bert", 1, kAny);
  index.add("EXAMPLE\\*", 2, kAny);
  index.finish();
  EXPECT_EQ(index.first_group("Anna@example.lan", 1), 0U);
  EXPECT_EQ(index.first_group("anna", 1), NameIndex::kNone) << "no realm is not that realm";
  EXPECT_EQ(index.first_group("anna@OTHER.LAN", 1), NameIndex::kNone);
  EXPECT_EQ(index.first_group("bert@OTHER.LAN", 1), 1U) << "a pattern without a realm is of any";
  EXPECT_EQ(index.first_group("example\\carl", 1), 2U);
}

TEST(NameIndex, OnlySourcesThatCount) {
  NameIndex index{host_label};
  index.add("pc", 3, 1U << 1U);
  index.add("pc", 5, 1U << 2U);
  index.add("p*", 7, 1U << 3U);
  index.finish();
  EXPECT_EQ(index.first_group("pc", 1), 3U);
  EXPECT_EQ(index.first_group("pc", 2), 5U);
  EXPECT_EQ(index.first_group("pc", 3), 7U);
  EXPECT_EQ(index.first_group("pc", 4), NameIndex::kNone);
}

TEST(NameIndex, APatternWithinAnother) {
  const auto within = [](const char* one, const char* other) {
    return pattern_within(one, other, host_label);
  };
  EXPECT_TRUE(within("pc7", "PC7"));
  EXPECT_TRUE(within("lab-pc-*", "lab-*"));
  EXPECT_TRUE(within("*", "*"));
  EXPECT_FALSE(within("lab-*", "lab-pc-*"));
  EXPECT_FALSE(within("*-1", "lab-*"));
  EXPECT_TRUE(within("pc.hall.example", "*.hall.example"));
  EXPECT_FALSE(within("pc.hall.example", "pc")) << "of another kind: not looked for";
}

}  // namespace
}  // namespace weir::policy
