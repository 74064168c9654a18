// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/transmitter.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TEST(Transmitter, WhatTheOtherPortDoesNotTakeIsDroppedUnderItsName) {
  PipelineBench bench;
  bench.sink.room = 3;
  std::vector<Frame> frames(5, test::raw(0x88cc).payload("frame").bytes());
  bench.run(kInsidePort, frames);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTransmitFull), 2U);
  const PortCounters port = bench.counters().ports[kInsidePort];
  EXPECT_EQ(port.transmitted, 3U);
  EXPECT_EQ(port.transmitted_bytes, 3 * frames[0].size());
}

TEST(Transmitter, KeepsTheOrderOfABurst) {
  PipelineBench bench;
  std::vector<Frame> frames;
  for (char c = 'a'; c < 'a' + 20; ++c)
    frames.push_back(test::raw(0x88cc).payload(std::string(4, c)).bytes());
  bench.run(kOutsidePort, frames);
  EXPECT_EQ(bench.left_at(kInsidePort), frames);
}

TEST(Transmitter, SendsWhenItsQueueIsFull) {
  PipelineBench bench({.flows = 256, .parked = 200, .requests = 1'024});
  for (std::uint16_t i = 0; i < 100; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  for (const auto& request : bench.requests(RequestType::kFlowOpened)) {
    ASSERT_TRUE(bench.classifier_end->try_answer({.type = AnswerType::kFinal, .flow = request.flow}));
  }
  bench.pipeline->apply_answers();  // more in one turn than a queue holds
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 100U);
}

}  // namespace
}  // namespace weir::dataplane
