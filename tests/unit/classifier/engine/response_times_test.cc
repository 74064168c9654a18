// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/response_times.h"

#include <gtest/gtest.h>

namespace weir::classifier {
namespace {

using enum channel::Direction;

TEST(ResponseTimes, RunsFromTheLastBytesOfTheRequestToTheFirstOfTheResponse) {
  ResponseTimes times;
  times.note(kFromResponder, 1);  // a greeting answers nothing
  EXPECT_EQ(times.count(), 0U);
  EXPECT_EQ(times.mean_us(), 0U);
  times.note(kFromInitiator, kSecond);
  times.note(kFromInitiator, kSecond + kMillisecond);
  times.note(kFromResponder, kSecond + 3 * kMillisecond);
  times.note(kFromResponder, 9 * kSecond);
  times.note(kFromInitiator, 10 * kSecond);
  times.note(kFromResponder, 10 * kSecond + 4 * kMillisecond);
  EXPECT_EQ(times.count(), 2U);
  EXPECT_EQ(times.mean_us(), 3'000U);
  EXPECT_EQ(times.max_us(), 4'000U);
}

TEST(ResponseTimes, ClockThatWentBackGivesZero) {
  ResponseTimes times;
  times.note(kFromInitiator, kSecond);
  times.note(kFromResponder, 0);
  EXPECT_EQ(times.count(), 1U);
  EXPECT_EQ(times.max_us(), 0U);
}

}  // namespace
}  // namespace weir::classifier
