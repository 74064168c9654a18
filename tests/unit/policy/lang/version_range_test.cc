// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/version_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace weir::policy {
namespace {

TEST(Versions, AreOrderedAsTheirMakersOrderThem) {
  // What programs say of themselves; each list rises.
  const std::vector<std::vector<const char*>> lists = {
      {"0.9", "1.0-alpha", "1.0-rc1", "1.0", "1.0.1", "1.2", "1.10", "2.0", "115.0", "115.0.1"},
      {"6.6.1p1", "7.9p1", "8.9p1", "9.2", "9.2p1", "9.3", "9.3p1", "9.3p2", "9.10p1", "10.0p2"},  // OpenSSH
      {"9.2p1-2", "9.2p1-2+deb12u3", "9.2p1-2+deb12u10", "9.2p1-3"},                               // Debian's
      {"1.0.2", "1.0.2u", "1.1.0", "1.1.1", "1.1.1a", "1.1.1w", "3.0.0-alpha17", "3.0.0-beta2",
       "3.0.0"},  // OpenSSL
      {"3.0.15", "3.0.15-1~deb12u1", "3.0.15-1", "3.0.15-1.1", "3.0.16"},
      {"2023.12.1", "2024.1", "2024.1.1", "2024.10"},
      {"2024-01-15", "2024-02-01", "2024-11-30"},
      {"20231231", "20240115"},
      {"102.15.1esr", "115.0b9", "115.0", "115.0esr", "115.0.1esr", "115.14.0esr", "128.0"},  // Firefox
      {"3.11.9", "3.12.0a7", "3.12.0b4", "3.12.0rc1", "3.12.0", "3.12.1"},                    // Python
      {"6.1.0", "6.1.0-13", "6.1.0-13-amd64", "6.1.0-18", "6.5.0"},                           // kernels
      {"1.0-SNAPSHOT", "1.0-dev1", "1.0-beta", "1.0-pre1", "1.0-rc1", "1.0-rc.2", "1.0-RC10", "1.0"},
      {"2.1.0-nightly", "2.1.0-preview3", "2.1.0", "2.1.0-hotfix1", "2.1.1"},
      {"v1.9.4", "v1.20.1", "1.21", "V1.22.0"},
      {"1:8.9", "1:9.0", "9.1"},  // an epoch is a packager's
      {"99999999999999999999", "100000000000000000000", "100000000000000000000.1"},
  };
  for (const auto& rising : lists) {
    for (std::size_t i = 0; i < rising.size(); ++i) {
      for (std::size_t j = 0; j < rising.size(); ++j) {
        EXPECT_EQ(compare_versions(rising[i], rising[j]), i <=> j) << rising[i] << " and " << rising[j];
      }
    }
  }
}

TEST(Versions, SomeAreTheSameInOtherWords) {
  const std::pair<const char*, const char*> same[] = {{"1.0", "1"},
                                                      {"3.00", "3.0"},
                                                      {"1.0.0p1", "1.0p1"},
                                                      {"1.0.0-rc1", "1.0-rc1"},
                                                      {"9.3P1", "9.3p1"},
                                                      {"v2.0", "2"},
                                                      {"1:9.2p1", "9.2p1"},
                                                      {"1.0-alpha2", "1.0a2"},
                                                      {"2024-01", "2024.1"},
                                                      {"1.0_beta3", "1.0b3"},
                                                      {"", "0"},
                                                      {"1.02.0003", "1.2.3"}};
  for (const auto& [a, b] : same)
    EXPECT_EQ(compare_versions(a, b), std::strong_ordering::equal) << a << " and " << b;
}

TEST(Versions, AnyTextsHaveOneOrder) {
  const char* const parts[] = {"",  "0", "1", "01", "10", ".", "-", "~",
                               "+", "a", "b", "p",  "rc", "v", ":", "x"};
  std::vector<std::string> all;
  for (const char* first : parts) {
    for (const char* second : parts) {
      for (const char* third : parts) all.push_back(std::string{first} + second + third);
    }
  }
  std::ranges::sort(all, [](const auto& a, const auto& b) { return compare_versions(a, b) < 0; });
  for (std::size_t i = 0; i < all.size(); i += 7) {
    for (std::size_t j = i; j < all.size(); j += 11) {
      EXPECT_TRUE(compare_versions(all[i], all[j]) <= 0) << all[i] << " and " << all[j];
      EXPECT_EQ(compare_versions(all[i], all[j]) <=> 0, 0 <=> compare_versions(all[j], all[i]));
    }
  }
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
  EXPECT_TRUE(holds("9.3", "9.3p1"));
  EXPECT_TRUE(holds(">=9.2", "9.3p1"));
  EXPECT_FALSE(holds(">=9.4", "9.3p1"));
  EXPECT_TRUE(holds(">=3.0.15-1~deb12u1", "3.0.15-1"));
  EXPECT_TRUE(VersionRange{}.contains("anything"));
}

TEST(VersionRange, WhatIsNotARange) {
  for (const char* const text : {"", " ", "new", ">=", "~1.2", ">=1.2 or 3", "1/2", "1 2 3 4 5"}) {
    EXPECT_FALSE(VersionRange::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace weir::policy
