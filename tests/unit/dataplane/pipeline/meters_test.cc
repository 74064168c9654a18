// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/meters.h"

#include <gtest/gtest.h>

#include "dataplane/pipeline/limits.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

class MetersTest : public ::testing::Test {
 protected:
  MetersTest() { test_eal(); }  // the time stamp counter's frequency

  /// Bytes a second that pass of twice the rate, in frames of `frame` bytes over `slots` in turn.
  double measured(Meters& meters, std::uint32_t bytes_s, std::uint32_t frame, std::uint32_t slots,
                  TimeNs from) {
    constexpr TimeNs kFor = 20 * kSecond;
    const TimeNs gap = kSecond * std::int64_t{frame} / (2 * std::int64_t{bytes_s});
    std::uint64_t passed = 0;
    std::uint32_t n = 0;
    for (TimeNs now = from; now < from + kFor; now += gap) {
      if (meters.admits(n++ % slots, frame, now)) passed += frame;
    }
    return static_cast<double>(passed) / 20.0;
  }

  Meters meters_{4, 8, 1};
};

TEST_F(MetersTest, TheRateIsKeptWithinFivePerCent) {
  for (const std::uint32_t bytes_s : {100'000U, 1'250'000U, 12'500'000U, 125'000'000U}) {
    for (const std::uint32_t frame : {64U, 1'514U}) {
      if (frame == 64 && bytes_s > 2'000'000) continue;  // the same, with many more steps
      Meters meters(4, 8, 1);
      ASSERT_TRUE(meters.limit(0, nullptr, bytes_s, kStart));
      const double got = measured(meters, bytes_s, frame, 1, kStart);
      EXPECT_NEAR(got / bytes_s, 1.0, 0.05) << bytes_s << " " << frame;
    }
  }
}

TEST_F(MetersTest, FlowsOfAClientShareOneRate) {
  const ClientKey client{{10}, 30, 0};
  ASSERT_TRUE(meters_.limit(0, &client, 1'000'000, kStart));
  ASSERT_TRUE(meters_.limit(1, &client, 1'000'000, kStart));
  EXPECT_EQ(meters_.in_use(), 1U);
  EXPECT_NEAR(measured(meters_, 1'000'000, 1'000, 2, kStart) / 1e6, 1.0, 0.05);
  ASSERT_TRUE(meters_.limit(1, &client, 2'000'000, kStart)) << "the last word holds for all";
  EXPECT_NEAR(measured(meters_, 2'000'000, 1'000, 2, kStart + 60 * kSecond) / 2e6, 1.0, 0.05);
  meters_.release(0);
  EXPECT_EQ(meters_.in_use(), 1U);
  meters_.release(1);
  EXPECT_EQ(meters_.in_use(), 0U);
}

TEST_F(MetersTest, ClientsAndFlowsDoNotShare) {
  const ClientKey one{{10}, 0, 0};
  const ClientKey other_vlan{{10}, 7, 0};
  ASSERT_TRUE(meters_.limit(0, &one, 1'000, kStart));
  ASSERT_TRUE(meters_.limit(1, &other_vlan, 1'000, kStart));
  ASSERT_TRUE(meters_.limit(2, nullptr, 1'000, kStart));
  ASSERT_TRUE(meters_.limit(3, nullptr, 1'000, kStart));
  EXPECT_EQ(meters_.in_use(), 4U);
  EXPECT_TRUE(meters_.admits(0, kMeterBurstBytesMin, kStart));
  EXPECT_FALSE(meters_.admits(0, kMeterBurstBytesMin, kStart));
  for (const std::uint32_t slot : {1U, 2U, 3U})
    EXPECT_TRUE(meters_.admits(slot, kMeterBurstBytesMin, kStart));
}

TEST_F(MetersTest, WithoutRoomAFlowIsNotLimited) {
  for (std::uint32_t slot = 0; slot < 4; ++slot) ASSERT_TRUE(meters_.limit(slot, nullptr, 1'000, kStart));
  EXPECT_FALSE(meters_.limit(4, nullptr, 1'000, kStart)) << "no meter";
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(meters_.admits(4, 9'000, kStart));
  for (std::uint32_t slot = 0; slot < 4; ++slot) meters_.release(slot);
  const ClientKey client{{10}, 0, 0};
  for (std::uint32_t slot = 0; slot < 8; ++slot) ASSERT_TRUE(meters_.limit(slot, &client, 1'000, kStart));
  EXPECT_FALSE(meters_.limit(8, &client, 1'000, kStart)) << "no place for another flow";
  EXPECT_FALSE(meters_.limit(9, nullptr, 1'000, kStart));
  EXPECT_EQ(meters_.in_use(), 1U) << "nothing is left behind";
}

TEST_F(MetersTest, AFlowMayChangeItsMeter) {
  const ClientKey client{{10}, 0, 0};
  ASSERT_TRUE(meters_.limit(0, nullptr, 1'000, kStart));
  ASSERT_TRUE(meters_.limit(0, &client, 1'000, kStart));
  ASSERT_TRUE(meters_.limit(0, nullptr, 5'000, kStart));
  EXPECT_EQ(meters_.in_use(), 1U);
  meters_.release(0);
  meters_.release(0);
  EXPECT_EQ(meters_.in_use(), 0U);
}

TEST_F(MetersTest, AClockThatIsSetNeitherOpensNorShutsIt) {
  for (const TimeNs step : {-1'000 * kSecond, 1'000 * kSecond}) {
    Meters meters(1, 1, 1);
    ASSERT_TRUE(meters.limit(0, nullptr, 100'000, kStart));
    while (meters.admits(0, 1'000, kStart)) {
    }
    meters.shift_time(step);
    EXPECT_FALSE(meters.admits(0, 1'000, kStart + step));
    EXPECT_TRUE(meters.admits(0, 1'000, kStart + step + kSecond / 10));
  }
}

}  // namespace
}  // namespace weir::dataplane
