// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace weir::dataplane {
namespace {

TEST(CounterBoard, AReaderNeverSeesHalfOfAnUpdate) {
  CounterBoard board;
  std::atomic<bool> done{false};
  std::thread worker([&] {
    PipelineCounters counters;
    for (std::uint64_t i = 1; i <= 20'000; ++i) {
      counters.ports[0].received = i;
      counters.ports[kPortsMax - 1].transmitted = i;
      counters.channel_attached = i;
      board.publish(counters);
    }
    done = true;
  });
  std::uint64_t last = 0;
  while (!done) {
    const PipelineCounters seen = board.read();
    ASSERT_EQ(seen.ports[0].received, seen.ports[kPortsMax - 1].transmitted);
    ASSERT_EQ(seen.ports[0].received, seen.channel_attached);
    ASSERT_GE(seen.ports[0].received, last);
    last = seen.ports[0].received;
  }
  worker.join();
  EXPECT_EQ(board.read().ports[0].received, 20'000U);
}

TEST(Counters, EveryFrameClassHasAName) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kFrameClassCount; ++i) names.insert(to_string(static_cast<FrameClass>(i)));
  EXPECT_EQ(names.size(), kFrameClassCount);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace weir::dataplane
