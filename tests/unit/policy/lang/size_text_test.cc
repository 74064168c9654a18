// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/size_text.h"

#include <gtest/gtest.h>

#include "policy/lang/rate_text.h"

namespace weir::policy {
namespace {

TEST(SizeText, ANumberAndItsUnit) {
  EXPECT_EQ(size_bytes("10 MB"), 10'000'000U);
  EXPECT_EQ(size_bytes("500kB"), 500'000U);
  EXPECT_EQ(size_bytes("4 GB"), 4'000'000'000U);
  EXPECT_EQ(size_bytes("1 B"), 1U);
}

TEST(SizeText, AnythingElseIsNone) {
  for (const char* text : {"", "10", "MB", "0 MB", "-1 MB", "1.5 MB", "10  MB", "10 Mb", "99999999999 kB"})
    EXPECT_FALSE(size_bytes(text)) << text;
}

TEST(RateText, ANumberAndItsUnit) {
  EXPECT_EQ(bytes_per_second("2 Mbit/s"), 250'000U);
  EXPECT_EQ(bytes_per_second("8kbit/s"), 1'000U);
  EXPECT_EQ(bytes_per_second("34 Gbit/s"), 4'250'000'000U);
}

TEST(RateText, OutOfRangeOrAnythingElseIsNone) {
  for (const char* text : {"", "2", "2 Mbit", "7 kbit/s", "35 Gbit/s", "0 Mbit/s", "1.5 Mbit/s", "2 MB/s"})
    EXPECT_FALSE(bytes_per_second(text)) << text;
}

}  // namespace
}  // namespace weir::policy
