// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/normalise.h"

#include "dataplane/packet/tcp_options.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

PacketMeta parsed(const Frame& frame) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone) << "its checksums hold";
  return meta;
}

channel::FlowRef open(PipelineBench& bench) {
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("A", 101));
  return bench.requests()[0].flow;
}

TEST(Normalise, DataWithoutAckOpenNoFlow) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("P", 101, "fake"));
  EXPECT_EQ(bench.counters().flows, 0U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpNoAck), 1U);
}

TEST(Normalise, WhatIsDroppedIsNotShown) {
  PipelineBench bench;
  open(bench);
  bench.run(kInsidePort, from_client("PA", 101, "fake").acknowledgement(67'000));
  bench.run(kInsidePort, from_client("R", 50));
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpAcknowledgement), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpWindow), 1U);
}

TEST(Normalise, WhatIsNotBelievedPassesUnseen) {
  PipelineBench bench;
  const auto flow = open(bench);
  bench.run(kInsidePort, from_client("R", 150));  // within the window, not exact: the server asks
  EXPECT_TRUE(bench.requests().empty());
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  EXPECT_EQ(bench.counters().passed_by, 1U);
  EXPECT_EQ(bench.pipeline->path().flows.hot(flow.slot).tcp_state, channel::TcpState::kEstablished);
  bench.run(kInsidePort, from_client("R", 101));
  EXPECT_EQ(bench.pipeline->path().flows.hot(flow.slot).tcp_state, channel::TcpState::kClosed);
}

TEST(Normalise, DecidedFlowsAreLeftAlone) {
  PipelineBench bench;
  const auto flow = open(bench);
  bench.decide(flow, VerdictAction::kForward);
  const Frame odd = from_client("PAU", 101, "fake").acknowledgement(67'000).bytes();
  bench.run(kInsidePort, std::vector<Frame>{odd});
  EXPECT_EQ(bench.left_at(kOutsidePort).back(), odd);
  bench.set_revision(1);  // judged again
  bench.run(kInsidePort, std::vector<Frame>{odd});
  EXPECT_EQ(bench.counters().urgent_cleared, 1U);
}

TEST(Normalise, ASynLosesItsData) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("S", 100, "data").tcp_options({34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1}));
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  const PacketMeta left = parsed(bench.left_at(kOutsidePort)[0]);
  EXPECT_EQ(left.payload_bytes, 0);
  EXPECT_FALSE(tcp_option(bench.left_at(kOutsidePort)[0], left, 34).empty()) << "the cookie stays";
  EXPECT_EQ(bench.counters().syn_data_cut, 1U);
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].head.payload_bytes, 0);
  // Its sender gives them again once the handshake is through.
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("PA", 101, "data"));
  EXPECT_EQ(bench.requests(RequestType::kPacket).back().head.payload_bytes, 4);
}

TEST(Normalise, AResetHasNoData) {
  PipelineBench bench;
  open(bench);
  bench.run(kInsidePort, from_client("R", 101, "a remark"));
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].head.payload_bytes, 0);
}

TEST(Normalise, UrgentDataBecomeOrdinary) {
  PipelineBench bench;
  const auto flow = open(bench);
  bench.run(kInsidePort, from_client("PAU", 101, "data"));
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].head.tcp_flags & kTcpUrg, 0);
  bench.release(flow, Direction::kFromInitiator, seen[0].head.number);
  const Frame& left = bench.left_at(kOutsidePort).back();
  const PacketMeta meta = parsed(left);
  EXPECT_EQ(meta.tcp_flags & kTcpUrg, 0);
  EXPECT_EQ(field_u16(left, meta.l4_offset + 18U), 0);
  EXPECT_EQ(bench.counters().urgent_cleared, 1U);
}

TEST(Normalise, UrgentDataAsThePairSays) {
  PipelineBench bench;
  const auto flow = open(bench);
  bench.pipeline->path().pairs[0].urgent = UrgentAction::kDrop;
  bench.run(kInsidePort, from_client("PAU", 101, "data"));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpUrgent), 1U);
  bench.pipeline->path().pairs[0].urgent = UrgentAction::kPass;
  const Frame urgent = from_client("PAU", 101, "data").bytes();
  bench.run(kInsidePort, std::vector<Frame>{urgent});
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].head.tcp_flags & kTcpUrg, 0);
  bench.release(flow, Direction::kFromInitiator, seen[0].head.number);
  EXPECT_EQ(bench.left_at(kOutsidePort).back(), urgent);
}

TEST(Normalise, AnAcknowledgementFromTheWrongSideSaysNothing) {
  for (const bool meets_forged_first : {false, true}) {
    PipelineBench bench;
    if (meets_forged_first) bench.run(kInsidePort, from_server("A", 500));
    open(bench);
    bench.run(kInsidePort, from_client("PA", 101, "fake"));
    static_cast<void>(bench.requests());
    bench.run(kInsidePort, from_server("A", 501).acknowledgement(105));
    const auto seen = bench.requests(RequestType::kPacket);
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].head.tcp_flags & kTcpAck, 0) << meets_forged_first;
    bench.run(kInsidePort, from_client("PA", 101, "real"));
    EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U) << "it is judged";
  }
}

TEST(Normalise, AnAcknowledgementFromTheRightSideIsBelieved) {
  PipelineBench bench;
  open(bench);
  bench.run(kInsidePort, from_client("PA", 101, "data"));
  static_cast<void>(bench.requests());
  bench.run(kOutsidePort, from_server("A", 501).acknowledgement(105));
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_NE(seen[0].head.tcp_flags & kTcpAck, 0);
  EXPECT_EQ(seen[0].head.tcp_acknowledgement, 105U);
  bench.run(kInsidePort, from_client("PA", 101, "data"));
  EXPECT_EQ(bench.counters().passed_by, 1U) << "its receiver has it";
}

TEST(Normalise, AFloodOfSynsLeavesEstablishedFlowsTheirView) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .flows = 256, .parked = 4, .requests = 1'024});
  open(bench);
  for (std::uint16_t i = 0; i < 100; ++i) {
    bench.run(kInsidePort, ipv4(kClient, kServer).tcp(static_cast<std::uint16_t>(1'000 + i), 80).flags("S"));
  }
  bench.run(kInsidePort, from_client("PA", 101, "fake").acknowledgement(67'000));
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpAcknowledgement), 1U);
}

}  // namespace
}  // namespace weir::dataplane
