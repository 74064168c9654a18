// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/parse.h"

#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TEST(ParseStage, WhatIsNotIpIsForwardedAndCounted) {
  PipelineBench bench;
  bench.run(kInsidePort,
            {test::raw(0x0806).payload("arp").padding(40).bytes(), test::raw(0x0026).payload("llc").bytes(),
             test::raw(0x88cc).payload("lldp").bytes()});
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 3U);
  const PortCounters port = bench.counters().ports[kInsidePort];
  EXPECT_EQ(port.classes[static_cast<std::size_t>(FrameClass::kArp)], 1U);
  EXPECT_EQ(port.classes[static_cast<std::size_t>(FrameClass::kLlc)], 1U);
  EXPECT_EQ(port.classes[static_cast<std::size_t>(FrameClass::kOtherEthertype)], 1U);
  EXPECT_EQ(bench.counters().flows, 0U);
}

TEST(ParseStage, FragmentsAreCountedForTheNextStage) {
  PipelineBench bench;
  bench.run(kInsidePort, {ipv4(kClient, kServer).udp(1, 2).payload("part").fragment(0, true).bytes(),
                          from_client("S", 1).bytes()});
  EXPECT_EQ(bench.counters().ports[kInsidePort].classes[static_cast<std::size_t>(FrameClass::kFragment)], 1U);
  EXPECT_EQ(bench.batch.fragments, 1U);
  bench.run(kInsidePort, from_client("A", 2));
  EXPECT_EQ(bench.batch.fragments, 0U);
}

TEST(ParseStage, TheEthertypeTableDropsWhatItNames) {
  PipelineBench bench;
  PairOptions& pair = bench.pipeline->path().pairs[0];
  pair.ethertypes[0] = {0x88cc, true};
  pair.ethertypes[1] = {kEthertypeStp, true};
  pair.ethertypes[2] = {0x0806, false};
  pair.ethertype_count = 3;
  const auto llc = [](std::uint8_t sap) { return test::raw(3).payload(Bytes{Frame{sap, sap, 3}}).bytes(); };
  bench.run(kInsidePort,
            {test::raw(0x88cc).vlan(30).payload("lldp").bytes(), test::raw(0x0806).payload("arp").bytes(),
             llc(0x42), llc(0xf0), test::raw(0x88b5).bytes(), test::raw(0x88cc).payload("x").snap().bytes()});
  const PortCounters port = bench.counters().ports[kInsidePort];
  EXPECT_EQ(port.dropped[static_cast<std::size_t>(DropReason::kEthertype)], 3U);
  using Row = std::array<std::uint64_t, 2>;
  EXPECT_EQ(port.ethertypes[0], (Row{0, 2})) << "behind a tag and behind LLC/SNAP too";
  EXPECT_EQ(port.ethertypes[1], (Row{0, 1}));
  EXPECT_EQ(port.ethertypes[2], (Row{1, 0}));
  EXPECT_EQ(port.ethertypes[kEthertypeRowsMax], (Row{2, 0}));
  pair.drop_other_ethertypes = true;
  bench.run(kInsidePort, {llc(0xf0), test::raw(0x0806).bytes()});
  EXPECT_EQ(bench.counters().ports[kInsidePort].ethertypes[kEthertypeRowsMax], (Row{2, 1}));
  bench.run(3, {llc(0x42)});
  EXPECT_EQ(bench.left_at(2).size(), 1U) << "another pair has its own table";
}

TEST(ParseStage, FramesToManyAreCountedAndBridged) {
  PipelineBench bench;
  const auto to = [](std::string_view mac) {
    return test::raw(0x88b5).macs("02:00:00:00:00:01", mac).bytes();
  };
  bench.run(kInsidePort, {to("ff:ff:ff:ff:ff:ff"), to("01:00:5e:00:00:01"), to("33:33:00:00:00:01"),
                          to("02:00:00:00:00:02"), Frame(5, 0xff)});
  const PortCounters port = bench.counters().ports[kInsidePort];
  EXPECT_EQ(port.broadcast, 1U);
  EXPECT_EQ(port.multicast, 2U);
  EXPECT_EQ(port.transmitted, 4U);
}

TEST(ParseStage, AJumboFrameCrossesInOnePiece) {
  PipelineBench bench({.exceptions = ExceptionAction::kPass, .buffers = 256, .frame_bytes = 9'216});
  const Frame jumbo = from_client("A", 1, std::string(9'000, 'x')).bytes();
  bench.run(kInsidePort, {jumbo});
  const auto shown = bench.requests(RequestType::kPacket);
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].packet.size(), jumbo.size() - 14);
  bench.decide(shown[0].flow, VerdictAction::kForward);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort)[0], jumbo);
}

TEST(ParseStage, DamageIsDroppedUnderItsName) {
  PipelineBench bench;
  bench.run(kInsidePort, {Frame(10, 0), from_client("A", 1).bad_l4_checksum().bytes(),
                          from_client("A", 1).bad_ip_checksum().bytes(), from_client("SF", 1).bytes(),
                          from_client("A", 1).vlan(1).vlan(2).vlan(3).vlan(4).bytes()});
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kRunt), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kL4Checksum), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kIpChecksum), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpFlags), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kVlanDepth), 1U);
}

TEST(ParseStage, ChecksumsThatThePortVerifiedAreNotVerifiedAgain) {
  PipelineBench bench;
  bench.batch.port = kInsidePort;
  bench.batch.count = 1;
  bench.batch.packets[0] = bench.make(from_client("S", 1).bad_l4_checksum().bytes());
  bench.batch.packets[0]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD;
  bench.pipeline->run(bench.batch, kStart);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), 1U);
}

TEST(ParseStage, AFrameInPiecesIsJoinedOrDropped) {
  PipelineBench bench;
  const Frame whole = test::raw(0x88cc).payload(std::string(400, 'x')).bytes();
  const auto in_two = [&](const Frame& frame) {
    rte_mbuf* head = bench.make({frame.begin(), frame.begin() + 100});
    EXPECT_EQ(rte_pktmbuf_chain(head, bench.make({frame.begin() + 100, frame.end()})), 0);
    return head;
  };
  bench.batch.port = kInsidePort;
  bench.batch.count = 2;
  bench.batch.packets[0] = in_two(whole);
  bench.batch.packets[1] = in_two(test::raw(0x88cc).payload(std::string(2'040, 'x')).bytes());
  bench.pipeline->run(bench.batch, kStart);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort)[0], whole);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kOversize), 1U);
}

}  // namespace
}  // namespace weir::dataplane
