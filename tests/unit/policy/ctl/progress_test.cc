// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/progress.h"

#include <gtest/gtest.h>

namespace weir::ctl {
namespace {

constexpr TimeNs kThen = 1'764'151'200 * kSecond;  // 2025-11-26T10:00:00Z

TEST(Progress, SaysHowFarHowFastAndHowLongYet) {
  EXPECT_EQ(progress_text({35, 100, 1'200'000, 2.5, kThen}),
            "[#######.............]  35 %  1200000 events, 480000 a second, 5 s left, back to "
            "2025-11-26T10:00:00.000Z");
}

TEST(Progress, NothingToWalkIsDoneAndMoreThanThereWasIsNoMoreThanAll) {
  EXPECT_EQ(progress_text({0, 0, 0, 0, kThen}).substr(0, 29), "[####################] 100 % ");
  EXPECT_EQ(progress_text({7, 5, 70, 0, kThen}).substr(0, 29), "[####################] 100 % ");
  EXPECT_EQ(progress_text({0, 5, 0, 1, kThen}).substr(0, 29), "[....................]   0 % ");
}

TEST(Progress, WhatIsSkippedDoesNotCount) {
  Progress progress{10};
  progress.step(1, kThen);
  progress.skip(9);
  progress.skip(9);  // more than is left
  progress.step(2, kThen);
  EXPECT_EQ(progress.done(), 2U);
}

TEST(Progress, IsToldToWhoAsksAFewTimesASecond) {
  std::vector<HowFar> heard;
  Progress progress{1'000'000, [&](const HowFar& far) { heard.push_back(far); }};
  const auto begun = std::chrono::steady_clock::now();
  while (heard.empty() && std::chrono::steady_clock::now() - begun < std::chrono::seconds{10})
    progress.step(7, kThen);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].done, progress.done());
  EXPECT_EQ(heard[0].of, 1'000'000U);
  EXPECT_EQ(heard[0].events, 7U);
  EXPECT_GT(heard[0].seconds, 0.0);
  EXPECT_EQ((HowFar{1, 4, 10, 2.0, kThen}.seconds_left()), 6.0);
  EXPECT_FALSE((HowFar{0, 4, 0, 2.0, kThen}.seconds_left().has_value())) << "not known yet";
}

}  // namespace
}  // namespace weir::ctl
