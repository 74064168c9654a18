// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/bypassed.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

constexpr std::uint32_t kFirstPair = 1U << 0U;
constexpr std::uint8_t kOtherPairInside = 2;

TEST(Bypassed, WhatWaitsLeavesAndEverythingAfterItUnseen) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("PA", 101, "GET / HTTP/1.1\r\n"));
  ASSERT_EQ(bench.counters().ports[kInsidePort].parked, 1U);
  const std::size_t left_before = bench.left_at(kOutsidePort).size();

  bench.pipeline->set_bypass(kFirstPair);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), left_before + 1);
  EXPECT_EQ(bench.counters().parked, 0U);
  const std::uint64_t shown = bench.counters().packets_shown;

  Frame nonsense(60, 0xff);  // no parser would let it pass
  bench.run(kInsidePort, {nonsense, Frame(9, 1), from_client("PA", 117, "more").bytes()});
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), left_before + 4);
  EXPECT_EQ(bench.left_at(kOutsidePort).back(), from_client("PA", 117, "more").bytes());
  EXPECT_EQ(bench.counters().ports[kInsidePort].bypassed, 3U);
  EXPECT_EQ(bench.counters().packets_shown, shown) << "the classifier is not asked";
  EXPECT_EQ(bench.counters().ports[kInsidePort].dropped_total(), 0U);
}

TEST(Bypassed, TheOtherPairIsJudgedAsBefore) {
  PipelineBench bench({.classifier = false});
  bench.pipeline->set_bypass(kFirstPair);
  bench.run(kOtherPairInside, from_client("S", 100));
  EXPECT_EQ(bench.counters().ports[kOtherPairInside].bypassed, 0U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierGone, ExceptionAction::kDrop), 1U);
}

TEST(Bypassed, FlowsThatWereJudgedEndAndDecidedOnesKeepTheirVerdict) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(5'000, 53).payload("decided"));
  const auto opened = bench.requests(RequestType::kFlowOpened);
  ASSERT_EQ(opened.size(), 1U);
  bench.decide(opened[0].flow, VerdictAction::kDrop);
  bench.run(kInsidePort, from_client("S", 100));
  ASSERT_EQ(bench.counters().flows, 2U);

  bench.pipeline->set_bypass(kFirstPair);
  bench.pipeline->look_after(kStart);
  EXPECT_EQ(bench.counters().flows, 1U) << "the undecided one is gone";
  const std::uint32_t slot = opened[0].flow.slot;
  EXPECT_EQ(bench.pipeline->path().flows.hot(slot).level, channel::InspectedLevel::kBypass);
  EXPECT_EQ(bench.pipeline->path().flows.hot(slot).check, check_of(bench.pipeline->path().flows.hot(slot)))
      << "it outlives the data plane";
  const std::size_t left = bench.left_at(kOutsidePort).size();
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(5'000, 53).payload("passes"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), left + 1);

  bench.pipeline->set_bypass(0);
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(5'000, 53).payload("does not"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), left + 1);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 2U);
}

TEST(Bypassed, ALargeTableIsSettledInSteps) {
  PipelineBench bench({.flows = 2 * kSettleSlotsPerTurn, .classifier = false});
  bench.pipeline->set_bypass(kFirstPair);
  bench.pipeline->look_after(kStart);
  EXPECT_EQ(bench.pipeline->path().settle_cursor, kSettleSlotsPerTurn);
  bench.pipeline->look_after(kStart);
  bench.pipeline->look_after(kStart);
  EXPECT_EQ(bench.pipeline->path().settle_cursor, bench.pipeline->path().flows.capacity());
}

TEST(Bypassed, AFullPortDropsByNameLikeAnyOther) {
  PipelineBench bench;
  bench.pipeline->set_bypass(kFirstPair);
  bench.sink.room = 1;
  bench.run(kInsidePort, {Frame(60, 1), Frame(60, 2), Frame(60, 3)});
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTransmitFull), 2U);
  EXPECT_EQ(bench.counters().ports[kInsidePort].bypassed, 3U);
}

TEST(Bypassed, FramesInSeveralPiecesLeaveWhole) {
  PipelineBench bench;
  bench.pipeline->set_bypass(kFirstPair);
  rte_mbuf* head = bench.make(Frame(60, 1));
  ASSERT_EQ(rte_pktmbuf_chain(head, bench.make(Frame(40, 2))), 0);
  bench.batch.port = kInsidePort;
  bench.batch.count = 1;
  bench.batch.packets[0] = head;
  bench.pipeline->run(bench.batch, kStart);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort)[0].size(), 100U);
}

}  // namespace
}  // namespace weir::dataplane
