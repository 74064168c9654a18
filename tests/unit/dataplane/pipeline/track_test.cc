// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/track.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TEST(Track, BothDirectionsAreOneFlow) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100));
  bench.run(kOutsidePort, from_server("SA", 500));
  EXPECT_EQ(bench.counters().flows, 1U);
  const auto seen = bench.requests(RequestType::kPacket);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].head.direction, Direction::kFromInitiator);
  EXPECT_EQ(seen[1].head.direction, Direction::kFromResponder);
}

TEST(Track, ASynAckAsTheFirstPacketSwapsTheRoles) {
  PipelineBench bench;
  bench.run(kOutsidePort, from_server("SA", 500));
  const auto opened = bench.requests()[0].opened;
  EXPECT_EQ(opened.initiator_port, 40'000);
  EXPECT_EQ(opened.initiator_inside, 1);
}

TEST(Track, AFlowFromOutsideKeepsItsInsideEndAsTheClient) {
  PipelineBench bench;
  bench.run(kOutsidePort,
            ipv4(kServer, kClient).macs("02:00:00:00:00:0a", "02:00:00:00:00:0b").tcp(5'000, 22).flags("S"));
  const auto opened = bench.requests()[0].opened;
  EXPECT_EQ(opened.initiator_inside, 0);
  EXPECT_EQ(opened.initiator_port, 5'000);
  EXPECT_EQ(opened.client_mac, (std::array<std::uint8_t, 6>{2, 0, 0, 0, 0, 0x0b}));
}

TEST(Track, PairsAndVlansAreApart) {
  PipelineBench bench;
  bench.run(0, from_client("S", 100));
  bench.run(2, from_client("S", 100));
  bench.run(0, from_client("S", 100).vlan(30));
  EXPECT_EQ(bench.counters().flows, 3U);
  const auto opened = bench.requests(RequestType::kFlowOpened);
  EXPECT_EQ(opened[1].opened.pair, 1);
  EXPECT_EQ(opened[2].opened.vlan, 30);
}

TEST(Track, PacketsOfANewFlowInOneBurstFindIt) {
  PipelineBench bench;
  bench.run(kInsidePort,
            {from_client("S", 100).bytes(), from_client("A", 101).bytes(), from_client("A", 101).bytes()});
  EXPECT_EQ(bench.counters().flows_opened, 1U);
}

TEST(Track, ADamagedPacketChangesNoState) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass});
  bench.run(kInsidePort, from_client("S", 100).bad_l4_checksum());
  EXPECT_EQ(bench.counters().flows, 0U);
  bench.run(kInsidePort, from_client("PA", 101, "hello"));
  const auto flow = bench.requests()[0].flow;
  bench.run(kOutsidePort, from_server("R", 501).bad_l4_checksum());
  bench.decide(flow, VerdictAction::kForward);
  bench.run(kOutsidePort, from_server("R", 501).bad_l4_checksum());
  EXPECT_EQ(bench.pipeline->path().flows.hot(flow.slot).tcp_state, channel::TcpState::kMidstream);
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kL4Checksum), 2U);
  bench.run(kOutsidePort, from_server("A", 501, "data").bad_l4_checksum());  // its receiver refuses it
  EXPECT_EQ(bench.left_at(kInsidePort).size(), 1U);
  bench.set_revision(1);
  bench.run(kOutsidePort, from_server("A", 501, "data").bad_l4_checksum());  // would be shown: verified again
  EXPECT_EQ(bench.dropped(kOutsidePort, DropReason::kL4Checksum), 3U);
}

TEST(Track, AFullTableIsTheExceptionTables) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .flows = 64, .parked = 256, .requests = 512});
  for (std::uint16_t i = 0; i < 80; ++i) {
    bench.run(kInsidePort,
              ipv4(kClient, kServer).udp(static_cast<std::uint16_t>(1'000 + i), 53).payload("q"));
  }
  const auto counters = bench.counters();
  EXPECT_LE(counters.flows, 64U);
  EXPECT_EQ(bench.excepted(ExceptionCause::kFlowTableFull, ExceptionAction::kPass), 80U - counters.flows);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 80U - counters.flows);
}

}  // namespace
}  // namespace weir::dataplane
