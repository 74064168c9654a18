// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::policy {
namespace {

TEST(Pattern, WithoutAStarItIsTheWholeTextInAnyCase) {
  EXPECT_TRUE(is_like("/Admin", "/admin"));
  EXPECT_FALSE(is_like("/admin", "/admin/"));
  EXPECT_FALSE(is_like("", "a"));
  EXPECT_TRUE(is_like("", ""));
}

TEST(Pattern, AStarStandsForAnyBytes) {
  EXPECT_TRUE(is_like("*.exe", "setup.EXE"));
  EXPECT_TRUE(is_like("*.pdf.exe", "a.pdf.pdf.exe"));
  EXPECT_TRUE(is_like("a*b*c", "abbbc"));
  EXPECT_TRUE(is_like("a*", "a"));
  EXPECT_TRUE(is_like("**", ""));
  EXPECT_FALSE(is_like("a*b*c", "abbb"));
  EXPECT_FALSE(is_like("*x*", "abc"));
}

TEST(Pattern, ManyStarsTakeNoLongerThanTheirLengthExplains) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(is_like(pattern + "b", std::string(100'000, 'a')));
}

}  // namespace
}  // namespace weir::policy
