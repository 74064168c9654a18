// SPDX-License-Identifier: Apache-2.0
#include "policy/model/duration.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Duration, IsANumberAndItsUnit) {
  EXPECT_EQ(*parse_duration("90s"), 90 * kSecond);
  EXPECT_EQ(*parse_duration("15m"), 900 * kSecond);
  EXPECT_EQ(*parse_duration("24h"), kDurationLongest);
  for (const char* wrong :
       {"", "15", "m", "0s", "-1s", "25h", "1441m", "86401s", "1.5h", "15 m", "15mm", "1d", "99999999999s"}) {
    EXPECT_FALSE(parse_duration(wrong)) << wrong;
  }
}

TEST(Duration, IsSaidInWords) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(59 * kSecond), "59s");
  EXPECT_EQ(duration_text(5'400 * kSecond), "1h 30m");
  EXPECT_EQ(duration_text(kDurationLongest), "24h");
}

}  // namespace
}  // namespace weir
