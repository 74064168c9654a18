// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/refuse.h"

#include <gmock/gmock.h>

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

PacketMeta parsed(const Frame& frame) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  return meta;
}

TEST(Refuse, BothEndsOfAConnectionAreReset) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  const PacketMeta to_client = parsed(bench.left_at(kInsidePort)[0]);
  const PacketMeta to_server = parsed(bench.left_at(kOutsidePort)[0]);
  EXPECT_NE(to_client.tcp_flags & kTcpRst, 0);
  EXPECT_NE(to_server.tcp_flags & kTcpRst, 0);
  EXPECT_EQ(to_client.tcp_sequence, 501U);  // what the client expects next
  EXPECT_EQ(to_server.tcp_sequence, 101U);  // what the server expects next: "hello" never came
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
}

TEST(Refuse, OncePerDirectionAndNeverForAReset) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  for (int i = 0; i < 5; ++i) bench.run(kInsidePort, from_client("PA", 106, "more"));
  for (int i = 0; i < 5; ++i) bench.run(kOutsidePort, from_server("PA", 501, "more"));
  EXPECT_EQ(bench.counters().resets, 2U);
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 2U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  EXPECT_EQ(bench.counters().ports[kInsidePort].injected, 2U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyReset), 6U);

  PipelineBench other;
  other.run(kInsidePort, from_client("A", 101));
  other.decide(other.requests()[0].flow, VerdictAction::kReset);
  other.run(kInsidePort, from_client("RA", 101));
  EXPECT_EQ(other.counters().resets, 0U);
  EXPECT_EQ(other.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
}

TEST(Refuse, AnEndThatAsksIsToldAgainAFewTimes) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  bench.left_at(kInsidePort).clear();
  // The reset was beyond what it expects: a challenge acknowledgement.
  bench.run(kInsidePort, from_client("A", 106).acknowledgement(450));
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  EXPECT_EQ(parsed(bench.left_at(kInsidePort)[0]).tcp_sequence, 450U);
  for (int i = 0; i < 100; ++i) bench.run(kInsidePort, from_client("A", 106).acknowledgement(450));
  EXPECT_EQ(bench.left_at(kInsidePort).size(), kResetsToldMax - 1);
}

TEST(Refuse, TheSenderOfADatagramIsTold) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).udp(1'000, 53).payload("query"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  EXPECT_EQ(bench.left_at(kInsidePort)[0].at(23), kProtocolIcmp);
  EXPECT_EQ(bench.left_at(kInsidePort)[0].at(34), 3);
  EXPECT_EQ(bench.left_at(kInsidePort)[0].at(35), 3) << "port unreachable: its socket fails at once";
}

TEST(Refuse, OfAnotherProtocolTheSenderHearsThatItIsProhibited) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, kServer).protocol(47).payload("tunnelled"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kReset);
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  EXPECT_EQ(bench.left_at(kInsidePort)[0].at(34), 3);
  EXPECT_EQ(bench.left_at(kInsidePort)[0].at(35), 13);
}

TEST(Refuse, EachEndIsToldAtTheNumberThatItExpects) {
  // The request acknowledges 501 while 100 bytes more of the server's are on their way, and 50 wait.
  PipelineBench bench;
  bench.run(kOutsidePort, from_server("PA", 501, std::string(100, 's')));
  const auto flow = bench.requests()[0].flow;
  bench.release(flow, Direction::kFromInitiator, 0xfff);
  bench.release(flow, Direction::kFromResponder, 0xfff);
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.run(kInsidePort, from_client("PA", 106, "more"));
  bench.run(kOutsidePort, from_server("PA", 601, std::string(50, 's')));
  bench.decide(flow, VerdictAction::kReset);
  ASSERT_GE(bench.left_at(kInsidePort).size(), 2U);
  EXPECT_EQ(parsed(bench.left_at(kInsidePort)[1]).tcp_sequence, 601U);
  EXPECT_EQ(parsed(bench.left_at(kOutsidePort)[0]).tcp_sequence, 101U);
}

TEST(Refuse, AnEndThatDidNotTakeWhatWasOnItsWayIsToldWhereItStands) {
  // Its buffer had no room for the last of it: it said so while its request waited, and says nothing more.
  PipelineBench bench;
  bench.run(kOutsidePort, from_server("PA", 501, std::string(100, 's')));
  const auto flow = bench.requests()[0].flow;
  bench.release(flow, Direction::kFromInitiator, 0xfff);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.run(kInsidePort, from_client("A", 106).acknowledgement(540).window(0));
  bench.left_at(kInsidePort).clear();
  bench.decide(flow, VerdictAction::kReset);
  std::vector<std::uint32_t> at;
  for (const Frame& frame : bench.left_at(kInsidePort)) at.push_back(parsed(frame).tcp_sequence);
  EXPECT_THAT(at, testing::IsSupersetOf({601U, 540U}));
  for (const Frame& frame : bench.left_at(kOutsidePort)) EXPECT_EQ(parsed(frame).tcp_sequence, 101U);
}

TEST(Refuse, AServerThatDidNotTakeWhatWasOnItsWayIsToldWhereItStands) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, std::string(100, 'c')));
  const auto flow = bench.requests()[0].flow;
  bench.release(flow, Direction::kFromInitiator, 0xfff);
  bench.run(kOutsidePort, from_server("A", 501).acknowledgement(151));
  bench.run(kInsidePort, from_client("PA", 201, "more"));
  bench.left_at(kOutsidePort).clear();
  bench.decide(flow, VerdictAction::kReset);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  EXPECT_EQ(parsed(bench.left_at(kOutsidePort)[0]).tcp_sequence, 201U);
  EXPECT_EQ(parsed(bench.left_at(kOutsidePort)[1]).tcp_sequence, 151U);
}

/// The handshake of the bench's connection, and a request over which it is refused with `action`.
void refuse_established(PipelineBench& bench, VerdictAction action) {
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  bench.run(kInsidePort, from_client("A", 101));
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto seen = bench.requests();
  bench.decide(seen[0].flow, action);
}

TEST(Refuse, ANewConnectionOnTheSamePortsIsJudgedByItself) {
  for (const VerdictAction action : {VerdictAction::kReset, VerdictAction::kDrop}) {
    PipelineBench bench({.exceptions = ExceptionAction::kPass});
    refuse_established(bench, action);
    bench.left_at(kOutsidePort).clear();
    bench.run(kInsidePort, from_client("S", 9'000));
    EXPECT_EQ(bench.counters().flows_reopened, 1U);
    const auto seen = bench.requests();
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].type, RequestType::kFlowClosed);
    EXPECT_EQ(seen[0].closed.reason, channel::EndReason::kBlocked);
    EXPECT_EQ(seen[1].type, RequestType::kFlowOpened);
    bench.run(kOutsidePort, from_server("SA", 700).acknowledgement(9'001));
    bench.run(kInsidePort, from_client("PA", 9'001, "hello").acknowledgement(701));
    bench.release(seen[1].flow, Direction::kFromInitiator, 0xfff);
    ASSERT_EQ(bench.left_at(kOutsidePort).size(), 2U);
    EXPECT_EQ(parsed(bench.left_at(kOutsidePort)[1]).payload_bytes, 5U);
  }
}

TEST(Refuse, ASynThatComesAgainIsNoNewConnection) {
  for (const VerdictAction action : {VerdictAction::kReset, VerdictAction::kDrop}) {
    PipelineBench bench;
    bench.run(kInsidePort, from_client("S", 100));
    bench.decide(bench.requests()[0].flow, action);
    for (int i = 0; i < 5; ++i) bench.run(kInsidePort, from_client("S", 100));
    EXPECT_EQ(bench.counters().flows_reopened, 0U);
    EXPECT_TRUE(bench.requests().empty());
  }
}

TEST(Refuse, ASynDoesNotTakeARefusedConnectionFurther) {
  // An end that never believed the reset would go on in the middle of its stream, behind a SYN that the other
  // one only answers with an acknowledgement (RFC 5961 section 4).
  PipelineBench bench;
  refuse_established(bench, VerdictAction::kReset);
  bench.left_at(kOutsidePort).clear();
  bench.run(kInsidePort, from_client("S", 100));
  bench.release(bench.requests(RequestType::kFlowOpened)[0].flow, Direction::kFromInitiator, 0xfff);
  bench.run(kOutsidePort, from_server("A", 501).acknowledgement(101));
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U);
  bench.left_at(kOutsidePort).clear();
  bench.run(kInsidePort, from_client("PA", 101, "hello").acknowledgement(501));
  EXPECT_TRUE(bench.requests(RequestType::kPacket).empty()) << "it would be taken for the stream's beginning";
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpHandshake), 1U);
}

TEST(Refuse, WithoutABufferThePacketIsDroppedAllTheSame) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto flow = bench.requests()[0].flow;
  std::vector<rte_mbuf*> taken;
  while (rte_mbuf* packet = rte_pktmbuf_alloc(bench.pool->get())) taken.push_back(packet);
  bench.decide(flow, VerdictAction::kReset);
  EXPECT_EQ(bench.counters().ports[kInsidePort].injected_lost, 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyReset), 1U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kPacketsExhausted, ExceptionAction::kDrop), 2U);
  rte_pktmbuf_free_bulk(taken.data(), static_cast<unsigned>(taken.size()));
}

}  // namespace
}  // namespace weir::dataplane
