// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/stage_times.h"

#include <gtest/gtest.h>

#include <set>

#include "dataplane/pipeline/stage_laps.h"

namespace weir::dataplane {
namespace {

TEST(StageTimes, EveryStageHasAName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kStageCount; ++i) names.insert(to_string(static_cast<Stage>(i)));
  EXPECT_EQ(names.size(), kStageCount);
  EXPECT_FALSE(names.contains(""));
}

TEST(StageTimes, ABucketHoldsWhatIsLessThanItsPowerOfTwo) {
  EXPECT_EQ(stage_bucket(0), 0U);
  EXPECT_EQ(stage_bucket(3), 0U);
  EXPECT_EQ(stage_bucket(4), 1U);
  EXPECT_EQ(stage_bucket(7), 1U);
  EXPECT_EQ(stage_bucket(8), 2U);
  EXPECT_EQ(stage_bucket((1U << 16U) - 1), kStageBuckets - 2);
  EXPECT_EQ(stage_bucket(1U << 16U), kStageBuckets - 1);
  EXPECT_EQ(stage_bucket(UINT64_MAX), kStageBuckets - 1);
}

TEST(StageTimes, ABurstCountsItsPacketsByTheirAverage) {
  StageTime time;
  time.add(640, 64);
  time.add(9, 1);
  EXPECT_EQ(time.cycles, 649U);
  EXPECT_EQ(time.packets[stage_bucket(10)], 65U);
  EXPECT_EQ(time.packets_total(), 65U);
}

TEST(StageLaps, EveryBurstIsTimedWhoseTurnItIs) {
  StageTurn turn;
  StageTimes times{};
  std::uint32_t timed = 0;
  constexpr std::uint32_t kBursts = 10'000;
  for (std::uint32_t i = 0; i < kBursts; ++i) {
    const bool its_turn = turn.left == 1;
    timed += its_turn ? 1 : 0;
    StageLaps laps(turn, times, 2);
    laps.end(Stage::kParse);
    laps.end(Stage::kTrack);
    laps.end(Stage::kTrack);  // again: it adds up
  }
  if (!kStageTimes) GTEST_SKIP() << "built without";
  for (const StageTime& time : times) EXPECT_EQ(time.packets_total(), 2 * timed);
  EXPECT_GE(timed, kBursts / (2 * kStageBurstsBetween));
  EXPECT_GT(times[static_cast<std::size_t>(Stage::kTrack)].cycles, 0U);
  EXPECT_EQ(times[static_cast<std::size_t>(Stage::kEnforce)].cycles, 0U);
}

}  // namespace
}  // namespace weir::dataplane
