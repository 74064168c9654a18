// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/version_range.h"

#include <gtest/gtest.h>

namespace weir::policy {
namespace {

TEST(Versions, AreOrderedAsPeopleOrderThem) {
  const char* const rising[] = {"0.9", "1.0-alpha", "1.0-rc1", "1.0",   "1.0.1",
                                "1.2", "1.10",      "2.0",     "115.0", "115.0.1"};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) {
      EXPECT_EQ(compare_versions(rising[i], rising[j]), i <=> j) << rising[i] << " and " << rising[j];
    }
  }
  EXPECT_EQ(compare_versions("1.0", "1"), std::strong_ordering::equal);
  EXPECT_EQ(compare_versions("3.00", "3.0"), std::strong_ordering::equal);
}

TEST(VersionRange, Conditions) {
  const auto holds = [](const char* range, const char* version) {
    const auto parsed = VersionRange::parse(range);
    EXPECT_TRUE(parsed.has_value()) << range;
    return parsed && parsed->contains(version);
  };
  EXPECT_TRUE(holds(">=115", "115.0"));
  EXPECT_FALSE(holds(">=115", "114.9.9"));
  EXPECT_TRUE(holds(">=1.2 <2", "1.9"));
  EXPECT_FALSE(holds(">= 1.2, < 2", "2.0"));
  EXPECT_FALSE(holds(">1.2", "1.2.0"));
  EXPECT_TRUE(holds("<=1.2", "1.2.0"));
  EXPECT_TRUE(holds("3.4", "3.4.7"));
  EXPECT_TRUE(holds("=3.4", "3.4"));
  EXPECT_FALSE(holds("3.4", "3.40"));
  EXPECT_TRUE(VersionRange{}.contains("anything"));
}

TEST(VersionRange, WhatIsNotARange) {
  for (const char* const text : {"", " ", "new", ">=", "~1.2", ">=1.2 or 3", "1/2", "1 2 3 4 5"}) {
    EXPECT_FALSE(VersionRange::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weir::policy
