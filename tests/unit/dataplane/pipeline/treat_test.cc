// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/treat.h"

#include "tests/support/tunnel_builder.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

PacketMeta parsed(const Frame& frame) {
  PacketMeta meta;
  EXPECT_EQ(parse_frame(frame, {}, meta), DropReason::kNone);
  return meta;
}

std::uint8_t dscp_of(const Frame& frame) {
  const PacketMeta meta = parsed(frame);
  const std::size_t at = meta.l3_offset;
  const int octet = meta.ipv6 ? (frame[at] & 15) << 4 | frame[at + 1] >> 4 : frame[at + 1];
  return static_cast<std::uint8_t>(octet >> 2);
}

channel::Answer forward(channel::FlowRef flow) {
  return {.type = AnswerType::kFinal, .action = VerdictAction::kForward, .flow = flow};
}

TEST(Treat, MarksWhatWaitsAndWhatComesInBothDirections) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.mark = 1 + 46;
  bench.answer(answer);
  bench.run(kInsidePort, from_client("PA", 106, "more"));
  bench.run(kOutsidePort, from_server("PA", 501, "reply"));
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  ASSERT_EQ(bench.left_at(kInsidePort).size(), 1U);
  for (const Frame& frame : bench.left_at(kOutsidePort)) EXPECT_EQ(dscp_of(frame), 46);
  EXPECT_EQ(dscp_of(bench.left_at(kInsidePort)[0]), 46);

  answer.mark = 0;
  bench.answer(answer);
  bench.run(kInsidePort, from_client("PA", 110, "more"));
  EXPECT_EQ(dscp_of(bench.left_at(kOutsidePort).back()), 0) << "the next verdict says nothing of a mark";
}

TEST(Treat, MarksEachFragmentOfADatagram) {
  PipelineBench bench;
  const auto whole = ipv4(kClient, kServer).udp(1, 2).payload("a datagram in three").vlan(5);
  for (const std::size_t at : {16U, 0U, 8U, 24U})
    bench.run(kInsidePort, test::PacketBuilder(whole).piece(at, 8));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.mark = 1 + 46;
  bench.answer(answer);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 4U);
  for (const Frame& frame : bench.left_at(kOutsidePort)) EXPECT_EQ(dscp_of(frame), 46);
}

TEST(Treat, InATunnelTheOuterHeaderIsMarked) {
  PipelineBench bench;
  const auto inner = ipv4(kClient, kServer).udp(1'000, 53).payload("query");
  bench.run(kInsidePort, {test::gre(inner).bytes()});
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.mark = 1 + 46;
  bench.answer(answer);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  const Frame& frame = bench.left_at(kOutsidePort)[0];
  const PacketMeta meta = parsed(frame);
  EXPECT_EQ(frame.at(15) >> 2, 46);
  EXPECT_EQ(frame.at(meta.l3_offset + 1U) >> 2, meta.outer_l3_offset != 0 ? 0 : 46);
}

TEST(Treat, AMarkOfZeroIsNotTheSameAsNone) {
  PipelineBench bench;
  const auto packet = ipv6("fd00::1", "2001:db8::1").udp(1'000, 53).payload("query");
  bench.run(kInsidePort, packet);
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.mark = 1 + 10;
  bench.answer(answer);
  EXPECT_EQ(dscp_of(bench.left_at(kOutsidePort)[0]), 10);
  answer.mark = 1;
  bench.answer(answer);
  bench.run(kInsidePort, {bench.left_at(kOutsidePort)[0]});
  EXPECT_EQ(dscp_of(bench.left_at(kOutsidePort)[1]), 0);
}

TEST(Treat, ALimitDropsByItsNameAndBothDirectionsShareIt) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.limit_bytes_s = 10'000;
  bench.answer(answer);
  const std::string payload(1'000, 'x');
  for (int i = 0; i < 20; ++i) {
    bench.run(kInsidePort, from_client("PA", 106, payload));
    bench.run(kOutsidePort, from_server("PA", 501, payload));
  }
  const std::uint64_t dropped = bench.dropped(kInsidePort, DropReason::kRateLimit) +
                                bench.dropped(kOutsidePort, DropReason::kRateLimit);
  EXPECT_EQ(dropped, 40U - kMeterBurstBytesMin / 1'054);
  EXPECT_EQ(bench.counters().meters, 1U);
  bench.run(kInsidePort, from_client("PA", 106, payload), kStart + kSecond);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kRateLimit) +
                bench.dropped(kOutsidePort, DropReason::kRateLimit),
            dropped);
  answer.limit_bytes_s = 0;
  bench.answer(answer);
  EXPECT_EQ(bench.counters().meters, 0U);
}

TEST(Treat, WhatIsReleasedAfterTheVerdictLeavesItsLimit) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.limit_bytes_s = 10'000;
  bench.answer(answer);
  channel::Answer release;
  release.type = channel::AnswerType::kRelease;
  release.action = VerdictAction::kForward;
  release.flow = answer.flow;
  bench.answer(release);
  EXPECT_EQ(bench.counters().meters, 1U);
}

TEST(Treat, AClientsMeterIsThatOfItsInsideAddress) {
  PipelineBench bench;
  const auto to = [](std::uint16_t port) { return ipv4(kClient, kServer).udp(port, 9'000).payload("x"); };
  const auto from_outside = ipv4(kServer, kClient).udp(7'000, 5'000).payload("x");
  bench.run(kInsidePort, to(1'000));
  bench.run(kInsidePort, to(1'001));
  bench.run(kOutsidePort, from_outside);
  bench.run(kInsidePort, ipv4("10.0.0.2", kServer).udp(1'000, 9'000).payload("x"));
  for (const SeenRequest& request : bench.requests(RequestType::kFlowOpened)) {
    channel::Answer answer = forward(request.flow);
    answer.limit_bytes_s = 10'000;
    answer.limit_scope = channel::LimitScope::kClient;
    bench.answer(answer);
  }
  EXPECT_EQ(bench.counters().meters, 2U);
  for (std::uint32_t slot = 0; slot < bench.pipeline->path().flows.capacity(); ++slot) {
    if (bench.pipeline->path().flows.hot(slot).state == FlowState::kFree) continue;
    EXPECT_NE(bench.pipeline->path().flows.hot(slot).flags & kLimited, 0);
  }
}

TEST(Treat, AVerdictExpiresAndTheFlowIsAskedAboutAgain) {
  PipelineBench bench;
  bench.set_revision(1);  // 0 is that of no policy, whose flows wait for one
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.policy_revision = 1;
  answer.expires_s = 10;
  bench.answer(answer);
  bench.run(kInsidePort, from_client("PA", 106, "more"), kStart + 9 * kSecond);
  EXPECT_TRUE(bench.requests().empty());
  bench.run(kInsidePort, from_client("PA", 110, "later"), kStart + (10 + kVerdictUnitSeconds) * kSecond);
  const auto requests = bench.requests(RequestType::kPacket);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].head.redecide, 1);
  EXPECT_EQ(requests[0].head.parked, 1);
  EXPECT_EQ(bench.counters().verdicts_expired, 1U);
  answer.expires_s = 0;
  answer.action = VerdictAction::kDrop;
  bench.answer(answer);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kPolicyDrop), 1U);
  bench.run(kInsidePort, from_client("PA", 110, "later"), kStart + 1'000'000 * kSecond);
  EXPECT_TRUE(bench.requests(RequestType::kPacket).empty()) << "this one never expires";
}

TEST(Treat, WhatHoldsForATimeIsAskedAboutAtTheEndOfItsConnection) {
  for (const bool for_a_time : {true, false}) {
    PipelineBench bench;
    bench.set_revision(1);
    bench.run(kInsidePort, from_client("PA", 101, "hello"));
    channel::Answer answer = forward(bench.requests()[0].flow);
    answer.policy_revision = 1;
    answer.expires_s = for_a_time ? 10 : 0;
    bench.answer(answer);
    bench.run(kOutsidePort, from_server("PA", 501, "answer"));
    EXPECT_TRUE(bench.requests().empty());
    bench.run(kOutsidePort, from_server("FA", 507));
    const auto requests = bench.requests(RequestType::kPacket);
    ASSERT_EQ(requests.size(), for_a_time ? 1U : 0U);
    if (!for_a_time) continue;
    EXPECT_EQ(requests[0].head.redecide, 1);
    EXPECT_GT(requests[0].head.flow_bytes[1], requests[0].head.flow_bytes[0]);
    EXPECT_EQ(bench.counters().verdicts_expired, 0U);
    bench.answer(answer);
    EXPECT_EQ(bench.left_at(kInsidePort).size(), 2U) << "and the end goes on";
  }
}

TEST(Treat, EndsOfConnectionsDoNotAskWithoutEnd) {
  PipelineBench bench;
  bench.set_revision(1);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.policy_revision = 1;
  answer.expires_s = 10;
  bench.answer(answer);
  std::vector<Frame> resets;
  for (std::uint32_t i = 0; i < 3 * kAsksAgainPerBurst; ++i)
    resets.push_back(from_server("R", 501 + i).bytes());
  bench.run(kOutsidePort, resets);
  EXPECT_LE(bench.counters().decided_again, kAsksAgainPerBurst);
}

TEST(Treat, ARefusalMayExpireTooAndTheLongestTimeIsBounded) {
  PipelineBench bench;
  bench.set_revision(1);  // 0 is that of no policy, whose flows wait for one
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.policy_revision = 1;
  answer.action = VerdictAction::kDrop;
  answer.expires_s = 0xffff'ffff;
  bench.answer(answer);
  bench.run(kInsidePort, from_client("PA", 101, "hello"), kStart + (kVerdictSecondsMax - 1) * kSecond);
  EXPECT_TRUE(bench.requests().empty());
  bench.run(kInsidePort, from_client("PA", 101, "hello"),
            kStart + (kVerdictSecondsMax + kVerdictUnitSeconds) * kSecond);
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 1U);
}

TEST(Treat, AFlowThatEndsGivesItsMeterBack) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  channel::Answer answer = forward(bench.requests()[0].flow);
  answer.limit_bytes_s = 10'000;
  bench.answer(answer);
  EXPECT_EQ(bench.counters().meters, 1U);
  static_cast<void>(bench.pipeline->close_some(64, kStart));
  EXPECT_EQ(bench.counters().meters, 0U);
}

}  // namespace
}  // namespace weir::dataplane
