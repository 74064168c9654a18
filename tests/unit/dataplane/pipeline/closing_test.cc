// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/closing.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

using channel::EndReason;

TEST(Closing, AnIdleFlowEndsWithItsCounters) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("query"), kStart);
  bench.decide(bench.requests()[0].flow, VerdictAction::kForward);
  bench.run(kOutsidePort, ipv4(kServer, kClient).udp(53, 1'000).payload("reply!"), kStart + kSecond);
  for (TimeNs second = 1; second <= 125; ++second) bench.pipeline->look_after(kStart + second * kSecond);
  const auto closed = bench.requests(RequestType::kFlowClosed);
  ASSERT_EQ(closed.size(), 1U);
  const channel::FlowClosed& end = closed[0].closed;
  EXPECT_EQ(end.reason, EndReason::kIdle);
  EXPECT_EQ(end.packets, (std::array<std::uint64_t, 2>{1, 1}));
  EXPECT_EQ(end.bytes, (std::array<std::uint64_t, 2>{47, 48}));
  EXPECT_EQ(end.started_ns, kStart);
  EXPECT_EQ(end.last_seen_ns, kStart + kSecond);
  EXPECT_EQ(end.flow.responder_port, 53);
  EXPECT_EQ(bench.counters().flows, 0U);
}

TEST(Closing, AConnectionThatWasClosedEndsSoonAndSaysHow) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("A", 101));
  bench.run(kInsidePort, from_client("FA", 101));
  bench.run(kOutsidePort, from_server("FA", 501));
  bench.run(kInsidePort, from_client("A", 102));
  for (TimeNs second = 1; second <= 10 + kLookAgainAfterSeconds + 1; ++second)
    bench.pipeline->look_after(kStart + second * kSecond);
  const auto closed = bench.requests(RequestType::kFlowClosed);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].closed.reason, EndReason::kFin);
}

TEST(Closing, ASynOnAClosedConnectionStartsANewFlow) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("RA", 0));
  bench.run(kInsidePort, from_client("S", 9'000));
  const auto seen = bench.requests();
  EXPECT_EQ(bench.counters().flows_opened, 2U);
  EXPECT_EQ(bench.counters().flows_reopened, 1U);
  const auto closed = std::find_if(
      seen.begin(), seen.end(), [](const auto& request) { return request.type == RequestType::kFlowClosed; });
  ASSERT_NE(closed, seen.end());
  EXPECT_EQ(closed->closed.reason, EndReason::kReset);
  EXPECT_EQ((closed + 1)->type, RequestType::kFlowOpened);  // the end first, then the beginning
  EXPECT_NE((closed + 1)->flow, closed->flow);
}

TEST(Closing, WithinOneBurstTheOldFlowsPacketsStayItsOwn) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  const auto old_flow = bench.requests()[0].flow;
  bench.run(kInsidePort, {from_client("PA", 101, "last words").bytes(), from_client("R", 111).bytes(),
                          from_client("S", 9'000).bytes(), from_client("PA", 9'001, "first words").bytes()});
  const auto shown = bench.requests(RequestType::kPacket);
  ASSERT_EQ(shown.size(), 4U);
  EXPECT_EQ(shown[0].flow, old_flow);
  EXPECT_EQ(shown[1].flow, old_flow);
  EXPECT_NE(shown[2].flow, old_flow);
  EXPECT_EQ(shown[2].flow, shown[3].flow);
}

TEST(Closing, ABlockedFlowSaysSo) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("query"), kStart);
  bench.decide(bench.requests()[0].flow, VerdictAction::kDrop);
  for (TimeNs second = 1; second <= 125; ++second) bench.pipeline->look_after(kStart + second * kSecond);
  EXPECT_EQ(bench.requests(RequestType::kFlowClosed).at(0).closed.reason, EndReason::kBlocked);
}

TEST(Closing, WhatTheChannelHasNoRoomForIsSentLater) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .flows = 64, .parked = 64, .requests = 16});
  for (std::uint16_t i = 0; i < 40; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  EXPECT_TRUE(bench.pipeline->close_some(1'000, kStart));
  EXPECT_EQ(bench.counters().flows, 0U);
  EXPECT_GT(bench.counters().closes_waiting, 0U);
  std::size_t closed = 0;
  for (int turn = 0; turn < 10; ++turn) {
    closed += bench.requests(RequestType::kFlowClosed).size();
    bench.pipeline->look_after(kStart);
  }
  EXPECT_EQ(closed, 40U);
  EXPECT_EQ(bench.counters().closes_waiting, 0U);
  EXPECT_EQ(bench.counters().closes_lost, 0U);
}

TEST(Closing, WhatTheListHasNoRoomForIsCounted) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .flows = 8'192, .classifier = false});
  const std::uint32_t many = kClosesWaitingMax + 10;
  for (std::uint32_t i = 0; i < many; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  const auto opened = bench.counters().flows_opened;
  while (bench.pipeline->close_some(1'000, kStart)) {
  }
  EXPECT_EQ(bench.counters().closes_waiting, kClosesWaitingMax);
  EXPECT_EQ(bench.counters().closes_lost, opened - kClosesWaitingMax);
}

TEST(Closing, TheExceptionsOfAFlowGoWithItsEnd) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .parked_per_flow = 1});
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.run(kInsidePort, from_client("PA", 106, "world"));
  while (bench.pipeline->close_some(1, kStart)) {
  }
  const auto closed = bench.requests(RequestType::kFlowClosed);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_NE(closed[0].closed.exceptions & (1U << static_cast<unsigned>(ExceptionCause::kParkingFull)), 0U);
  EXPECT_EQ(closed[0].closed.reason, EndReason::kShutdown);
}

}  // namespace
}  // namespace weir::dataplane
