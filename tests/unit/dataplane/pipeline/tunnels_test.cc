// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/tunnels.h"

#include "tests/support/tunnel_builder.h"
#include "tests/unit/dataplane/pipeline/pipeline_bench.h"

namespace weir::dataplane {
namespace {

TunnelName name_of(std::uint32_t id, std::uint16_t vlan = 0) {
  TunnelName name;
  name.tunnel.id = id;
  name.tunnel.type = channel::TunnelType::kVxlan;
  name.vlan = vlan;
  return name;
}
std::uint16_t key_vlan(std::uint16_t index) { return static_cast<std::uint16_t>(kTunnelVlan + index); }

TEST(TunnelTable, OneIndexForEachName) {
  TunnelTable table(8, 1);
  table.begin_burst();
  const std::uint16_t first = table.find_or_add(name_of(1));
  EXPECT_EQ(table.find_or_add(name_of(1)), first);
  EXPECT_NE(table.find_or_add(name_of(1, 30)), first) << "the VLAN of what carries it";
  TunnelName tagged = name_of(1);
  tagged.inside_vlan = 30;
  EXPECT_NE(table.find_or_add(tagged), first);
  EXPECT_EQ(table.size(), 3);
  EXPECT_EQ(table.tunnel_of(key_vlan(first)), name_of(1).tunnel);
  EXPECT_EQ(table.tunnel_of(30).type, channel::TunnelType::kNone);
}

TEST(TunnelTable, HeldOnesStayAndOthersMakeRoom) {
  TunnelTable table(4, 1);
  table.begin_burst();
  std::array<std::uint16_t, 4> indices{};
  for (std::uint16_t i = 0; i < 4; ++i) indices[i] = table.find_or_add(name_of(i));
  EXPECT_EQ(table.find_or_add(name_of(9)), TunnelTable::kNone) << "all were given out in this burst";
  for (std::uint16_t i = 0; i < 3; ++i) table.hold(key_vlan(indices[i]));
  table.begin_burst();
  EXPECT_EQ(table.find_or_add(name_of(9)), indices[3]);
  table.hold(key_vlan(indices[3]));
  table.begin_burst();
  EXPECT_EQ(table.find_or_add(name_of(3)), TunnelTable::kNone);
  for (std::uint16_t i = 0; i < 3; ++i) EXPECT_EQ(table.find_or_add(name_of(i)), indices[i]);
  table.release(key_vlan(indices[1]));
  table.begin_burst();
  EXPECT_EQ(table.find_or_add(name_of(3)), indices[1]);
}

TEST(TunnelTable, ATunnelHoldsTheOneThatCarriesIt) {
  TunnelTable table(2, 1);
  table.begin_burst();
  const std::uint16_t carrier = table.find_or_add(name_of(1, 30));
  const std::uint16_t within = table.find_or_add(name_of(2, key_vlan(carrier)));
  EXPECT_EQ(table.vlan_of(key_vlan(within)), 30);
  EXPECT_EQ(table.vlan_of(30), 30);
  table.begin_burst();
  EXPECT_EQ(table.find_or_add(name_of(3)), within) << "only the inner one is free";
  table.hold(key_vlan(within));
  table.begin_burst();
  EXPECT_EQ(table.find_or_add(name_of(4)), carrier) << "nobody holds it any more";
}

test::PacketBuilder datagram(std::string_view payload = "query") {
  return ipv4("10.0.0.1", "10.0.0.2").udp(5'353, 53).payload(payload);
}

TEST(SeeThrough, EqualAddressesInDifferentTunnelsAreDifferentFlows) {
  PipelineBench bench;
  bench.run(kInsidePort, {datagram().bytes(), test::vxlan(datagram(), 1).vlan(30).bytes(),
                          test::vxlan(datagram(), 2).vlan(30).bytes(), test::gre(datagram()).bytes()});
  const auto opened = bench.requests(RequestType::kFlowOpened);
  ASSERT_EQ(opened.size(), 4U);
  for (const SeenRequest& flow : opened) EXPECT_EQ(flow.opened.responder_port, 53);
  EXPECT_EQ(opened[0].opened.tunnel.type, channel::TunnelType::kNone);
  EXPECT_EQ(opened[1].opened.tunnel.id, 1U);
  EXPECT_EQ(opened[1].opened.vlan, 30);
  EXPECT_EQ(opened[2].opened.tunnel.id, 2U);
  EXPECT_EQ(opened[3].opened.tunnel.type, channel::TunnelType::kGre);
  EXPECT_EQ(opened[3].opened.vlan, 0);
  EXPECT_EQ(bench.counters().packets_in_tunnels, 3U);
}

TEST(TakeInnerVlans, EqualAddressesBehindDifferentTagsAreDifferentFlows) {
  PipelineBench bench;
  const auto tagged = [](std::uint16_t second) { return datagram().vlan(30, 0x88a8).vlan(second); };
  bench.run(kInsidePort,
            {tagged(1).bytes(), tagged(2).bytes(), datagram().vlan(30).bytes(), tagged(1).vlan(9).bytes(),
             test::vxlan(datagram(), 7).vlan(30, 0x88a8).vlan(1).bytes(), tagged(1).bytes()});
  const auto opened = bench.requests(RequestType::kFlowOpened);
  ASSERT_EQ(opened.size(), 5U);
  using Ids = std::array<std::uint16_t, 2>;
  EXPECT_EQ(opened[0].opened.inner_vlans, (Ids{1, 0}));
  EXPECT_EQ(opened[1].opened.inner_vlans, (Ids{2, 0}));
  EXPECT_EQ(opened[2].opened.inner_vlans, (Ids{}));
  EXPECT_EQ(opened[3].opened.inner_vlans, (Ids{1, 9}));
  EXPECT_EQ(opened[4].opened.inner_vlans, (Ids{1, 0}));
  EXPECT_EQ(opened[4].opened.tunnel.id, 7U);
  for (const SeenRequest& flow : opened) EXPECT_EQ(flow.opened.vlan, 30);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(opened[i].opened.tunnel, channel::Tunnel{});
  while (bench.pipeline->close_some(64, kStart)) {
  }
  EXPECT_EQ(bench.pipeline->path().flows.size(), 0U);
}

TEST(SeeThrough, TheInsideIsShownAndTheFrameLeavesUntouched) {
  PipelineBench bench;
  const Frame frame = test::gre(datagram("hidden"), {.checksum = true, .key = 7}).bytes();
  bench.run(kInsidePort, {frame});
  const auto shown = bench.requests();
  ASSERT_EQ(shown.size(), 2U);
  EXPECT_EQ(shown[1].packet, test::without_ethernet(datagram("hidden")));
  bench.decide(shown[0].flow, VerdictAction::kForward);
  ASSERT_EQ(bench.left_at(kOutsidePort).size(), 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort)[0], frame);
}

TEST(SeeThrough, AFullTableLeavesTheOuterFlow) {
  PipelineBench bench(
      {.exceptions = ExceptionAction::kPass, .flows = 8'192, .parked = 8, .classifier = false});
  for (std::uint32_t vni = 0; vni < kTunnelsMax; ++vni) bench.run(kInsidePort, test::vxlan(datagram(), vni));
  EXPECT_EQ(bench.counters().tunnels, kTunnelsMax);
  EXPECT_EQ(bench.counters().tunnels_full, 0U);
  bench.run(kInsidePort, test::vxlan(datagram(), kTunnelsMax));
  EXPECT_EQ(bench.counters().tunnels_full, 1U);
  EXPECT_EQ(bench.left_at(kOutsidePort).size(), kTunnelsMax + 1U);
  EXPECT_EQ(bench.counters().packets_in_tunnels, kTunnelsMax);
}

TEST(SeeThrough, AnIndexIsFreeWhenItsFlowsHaveEnded) {
  PipelineBench bench(
      {.exceptions = ExceptionAction::kPass, .flows = 8'192, .parked = 8, .classifier = false});
  for (std::uint32_t vni = 0; vni < kTunnelsMax; ++vni) bench.run(kInsidePort, test::vxlan(datagram(), vni));
  while (bench.pipeline->close_some(64, kStart)) {
  }
  for (std::uint32_t vni = 0; vni < kTunnelsMax; ++vni) {
    bench.run(kInsidePort, test::vxlan(datagram(), kTunnelsMax + vni));
  }
  EXPECT_EQ(bench.counters().tunnels_full, 0U);
}

TEST(SeeThrough, NoDeeperThanTheLimit) {
  PipelineBench bench;
  bench.run(kInsidePort, test::ipip(test::ipip(test::ipip(datagram(), false), false), false));
  const auto opened = bench.requests(RequestType::kFlowOpened);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].opened.protocol, kProtocolIpv4) << "the third one is judged as IP in IP";
  EXPECT_EQ(opened[0].opened.tunnel.type, channel::TunnelType::kIpip);
}

TEST(SeeThrough, DamageInsideIsTheOuterFlowsAndEvasionIsDropped) {
  PipelineBench bench;
  bench.run(kInsidePort, {test::ipip(datagram().bad_ip_checksum(), false).bytes(),
                          test::ipip(datagram().bad_l4_checksum(), false).bytes(),
                          test::ipip(from_client("SF", 1), false).bytes()});
  const auto opened = bench.requests(RequestType::kFlowOpened);
  ASSERT_EQ(opened.size(), 1U);
  EXPECT_EQ(opened[0].opened.protocol, kProtocolIpv4);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kL4Checksum), 1U);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kTcpFlags), 1U);
}

TEST(SeeThrough, WhatAPortSaysOfChecksumsIsNotSaidOfTheInside) {
  PipelineBench bench;
  bench.batch.port = kInsidePort;
  bench.batch.count = 1;
  bench.batch.packets[0] = bench.make(test::vxlan(datagram().bad_l4_checksum(), 1).bytes());
  bench.batch.packets[0]->ol_flags |= RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD;
  bench.pipeline->run(bench.batch, kStart);
  EXPECT_EQ(bench.dropped(kInsidePort, DropReason::kL4Checksum), 1U);
}

}  // namespace
}  // namespace weir::dataplane
