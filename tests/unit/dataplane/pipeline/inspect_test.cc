// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/inspect.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TEST(Inspect, AnnouncesAFlowAndParksItsFirstPayload) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("S", 100));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);  // no payload: not parked
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);

  const auto seen = bench.requests();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].type, RequestType::kFlowOpened);
  EXPECT_EQ(seen[0].opened.initiator_port, 40'000);
  EXPECT_EQ(seen[0].opened.responder_port, 80);
  EXPECT_EQ(seen[0].opened.initiator_inside, 1);
  EXPECT_EQ(seen[0].opened.midstream, 0);
  EXPECT_EQ(seen[0].opened.client_mac, (std::array<std::uint8_t, 6>{2, 0, 0, 0, 0, 1}));
  EXPECT_EQ(seen[1].head.parked, 0);
  EXPECT_EQ(seen[1].head.number, 1U);
  EXPECT_EQ(seen[2].head.parked, 1);
  EXPECT_EQ(seen[2].head.number, 2U);
  EXPECT_EQ(seen[2].head.tcp_sequence, 101U);
  EXPECT_EQ(seen[2].head.payload_bytes, 5);
  EXPECT_EQ(as_text(Bytes(seen[2].packet).subspan(seen[2].head.payload_offset)), "hello");
  const std::uint64_t frames =
      from_client("S", 100).bytes().size() + from_client("PA", 101, "hello").bytes().size();
  EXPECT_EQ(seen[2].head.flow_bytes, (std::array<std::uint64_t, 2>{frames, 0}));
}

TEST(Inspect, ReleasesOneDirectionInOrderAndNoFurther) {
  PipelineBench bench;
  for (std::uint32_t i = 0; i < 3; ++i)
    bench.run(kInsidePort, from_client("PA", 101 + i, std::string(1, char('a' + i))));
  bench.run(kOutsidePort, from_server("PA", 501, "x"));
  const auto seen = bench.requests();
  bench.release(seen[0].flow, Direction::kFromInitiator, 2);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 2U);
  EXPECT_EQ(bench.left_at(kOutsidePort)[0], from_client("PA", 101, "a").bytes());
  EXPECT_EQ(bench.left_at(kOutsidePort)[1], from_client("PA", 102, "b").bytes());
  EXPECT_TRUE(bench.left_at(kInsidePort).empty());
  EXPECT_EQ(bench.counters().parked, 2U);
}

TEST(Inspect, ABareSegmentWaitsBehindParkedPayloadOfItsDirectionOnly) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.run(kOutsidePort, from_server("A", 501));
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 1U);
  bench.run(kInsidePort, from_client("FA", 106));
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
  EXPECT_EQ(bench.counters().parked, 2U);
}

TEST(Inspect, DatagramsAndOtherProtocolsAreParkedAlsoWhenEmpty) {
  PipelineBench bench;
  bench.run(kInsidePort, ipv4(kClient, "198.51.100.9").udp(1'000, 53));
  bench.run(kInsidePort, ipv4(kClient, "198.51.100.9").icmp(8));
  bench.run(kInsidePort, ipv4(kClient, "198.51.100.9").protocol(47).payload("gre"));
  bench.run(kInsidePort, ipv6("fd00::1", "2001:db8::1").udp(1'000, 53).payload("six"));
  EXPECT_EQ(bench.counters().parked, 4U);
  EXPECT_EQ(bench.requests(RequestType::kFlowOpened).size(), 4U);
}

TEST(Inspect, ParkingLimitOfAFlowIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .parked_per_flow = 2});
  for (std::uint32_t i = 0; i < 3; ++i) bench.run(kInsidePort, from_client("PA", 101 + 5 * i, "hello"));
  EXPECT_EQ(bench.excepted(ExceptionCause::kParkingFull, ExceptionAction::kPass), 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 3U);  // what leaves unjudged is shown all the same
  EXPECT_EQ(seen[2].head.parked, 0);
}

TEST(Inspect, ParkingLimitOfAllFlowsIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop, .parked = 4});
  for (std::uint16_t i = 0; i < 5; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  EXPECT_EQ(bench.excepted(ExceptionCause::kParkingFull, ExceptionAction::kDrop), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kException), 1U);
  EXPECT_EQ(bench.requests(RequestType::kPacket).size(), 4U);  // what is dropped is not shown
}

TEST(Inspect, AFullChannelIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop, .requests = 16});
  for (std::uint16_t i = 0; i < 9; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  EXPECT_EQ(bench.excepted(ExceptionCause::kChannelFull, ExceptionAction::kDrop), 1U);
  EXPECT_EQ(bench.counters().parked, 8U);  // an announcement and a packet each: 16 records
}

TEST(Inspect, ABareSegmentPassesAFullChannelUnseen) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop, .requests = 16});
  for (std::uint32_t i = 0; i < 20; ++i) bench.run(kInsidePort, from_client("A", 101));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 20U);
  EXPECT_EQ(bench.counters().packets_not_shown, 5U);
}

TEST(Inspect, WithoutAClassifierEveryUndecidedPacketIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kDrop, .classifier = false});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierGone, ExceptionAction::kDrop), 2U);
  EXPECT_TRUE(bench.left_at(kOutsidePort).empty());
}

TEST(Inspect, ANewClassifierIsToldOfUndecidedFlowsAgain) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.pipeline->detach();
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);  // what was parked is judged at once
  EXPECT_EQ(bench.excepted(ExceptionCause::kClassifierGone, ExceptionAction::kPass), 1U);

  bench.attach();
  bench.run(kInsidePort, from_client("PA", 106, "world"));
  const auto seen = bench.requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].type, RequestType::kFlowOpened);
  EXPECT_EQ(seen[0].opened.midstream, 1);
  EXPECT_EQ(seen[1].head.number, 3U);  // numbers go on: an old answer never fits a new packet
}

TEST(Inspect, ADecidedFlowSurvivesItsClassifier) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  bench.decide(bench.requests()[0].flow, VerdictAction::kForward);
  bench.pipeline->detach();
  bench.run(kInsidePort, from_client("PA", 106, "world"));
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 2U);
}

TEST(Inspect, AMidstreamPickupIsSaid) {
  PipelineBench bench;
  bench.run(kInsidePort, from_client("A", 101));
  EXPECT_EQ(bench.requests()[0].opened.midstream, 1);
}

TEST(Inspect, LongPacketsCrossTheChannelWhole) {
  PipelineBench bench;
  const std::string text(1'960, 'x');
  bench.run(kInsidePort, from_client("PA", 101, text));
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].packet.size(), 2'000U);
}

}  // namespace
}  // namespace weir::dataplane
