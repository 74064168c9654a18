// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tunnel.h"

#include <gtest/gtest.h>

#include "dataplane/packet/build.h"
#include "dataplane/packet/fields.h"
#include "tests/support/tunnel_builder.h"

namespace weir::dataplane {
namespace {

using channel::TunnelType;
using test::Frame;
using test::PacketBuilder;

constexpr ParseOptions kVerify{.hash_seed = 3, .pair = 0};

PacketBuilder inner4() {
  return test::ipv4("10.9.0.1", "10.9.0.2")
      .tcp(40'000, 443)
      .flags("PA")
      .sequence(7)
      .acknowledgement(9)
      .payload("in");
}
PacketBuilder inner6() { return test::ipv6("fd00:9::1", "fd00:9::2").udp(5'353, 53).payload("query"); }
PacketBuilder teredo6() { return test::ipv6("2001:0:1::1", "2001:db8::2").udp(5'353, 53).payload("query"); }

struct Seen {
  PacketMeta outer;
  Inside inside;
  DropReason reason{};
  Found found{};
};

Seen look(const Frame& frame) {
  Seen seen;
  EXPECT_EQ(parse_frame(frame, kVerify, seen.outer), DropReason::kNone);
  if (!may_hold_packet(seen.outer)) return seen;
  seen.found = look_inside(frame, seen.outer, kVerify, seen.inside, seen.reason);
  return seen;
}

struct Case {
  const char* name;
  Frame frame;
  TunnelType type;
  std::uint32_t id = 0;
  std::uint16_t vlan = 0;
};

std::vector<Case> every_tunnel() {
  using namespace test;
  return {
      {"GRE", gre(inner4()).bytes(), TunnelType::kGre},
      {"GRE, IPv6 inside", gre(inner6()).bytes(), TunnelType::kGre},
      {"GRE, key", gre(inner4(), {.key = 77}).bytes(), TunnelType::kGre, 77},
      {"GRE, checksum, key and sequence", gre(inner4(), {.checksum = true, .key = 78, .sequence = 5}).bytes(),
       TunnelType::kGre, 78},
      {"GRE, Ethernet", gre(inner4().vlan(12), {.ethernet = true}).bytes(), TunnelType::kGre, 0, 12},
      {"NVGRE", gre(inner4(), {.key = 0x123456'07, .ethernet = true}).bytes(), TunnelType::kGre, 0x123456},
      {"GRE over IPv6", gre(inner4(), {}, true).bytes(), TunnelType::kGre},
      {"IP in IP", ipip(inner4(), false).bytes(), TunnelType::kIpip},
      {"6in4", ipip(inner6(), false).bytes(), TunnelType::kIpip},
      {"4in6", ipip(inner4(), true).bytes(), TunnelType::kIpip},
      {"6in6", ipip(inner6(), true).bytes(), TunnelType::kIpip},
      {"VXLAN", vxlan(inner4(), 5'000).bytes(), TunnelType::kVxlan, 5'000},
      {"VXLAN, tagged inside", vxlan(inner6().vlan(9).vlan(8), 5'001).bytes(), TunnelType::kVxlan, 5'001, 9},
      {"GENEVE", geneve(inner4(), 6'000, 0).bytes(), TunnelType::kGeneve, 6'000},
      {"GENEVE, options", geneve(inner4(), 6'001, 12).bytes(), TunnelType::kGeneve, 6'001},
      {"GTP-U", gtp(inner4(), 0x30).bytes(), TunnelType::kGtpU},
      {"GTP-U, sequence number", gtp(inner4(), 0x32).bytes(), TunnelType::kGtpU},
      {"GTP-U, extension headers", gtp(inner6(), 0x34, 2).bytes(), TunnelType::kGtpU},
      {"Teredo", teredo(teredo6(), "").bytes(), TunnelType::kTeredo},
      {"Teredo, origin", teredo(teredo6(), "o").bytes(), TunnelType::kTeredo},
      {"Teredo, authentication and origin", teredo(teredo6(), "ao").bytes(), TunnelType::kTeredo},
  };
}

TEST(LookInside, FindsThePacketBehindEveryTunnelHeader) {
  for (const Case& one : every_tunnel()) {
    const Seen seen = look(one.frame);
    ASSERT_EQ(seen.found, Found::kPacket) << one.name;
    EXPECT_EQ(seen.inside.tunnel.type, one.type) << one.name;
    EXPECT_EQ(seen.inside.tunnel.id, one.id) << one.name;
    EXPECT_EQ(seen.inside.vlan, one.vlan) << one.name;
    EXPECT_EQ(seen.inside.tunnel.low_address, seen.outer.key.low_address) << one.name;
    EXPECT_EQ(seen.inside.tunnel.high_address, seen.outer.key.high_address) << one.name;
    EXPECT_EQ(seen.inside.meta.outer_l3_offset, 14) << one.name;
    const PacketMeta& meta = seen.inside.meta;
    EXPECT_TRUE(meta.kind == PacketKind::kTcp || meta.kind == PacketKind::kUdp) << one.name;
    EXPECT_TRUE(l4_checksum_holds(one.frame, meta)) << one.name;
    EXPECT_EQ(std::size_t{meta.l3_offset} + meta.l3_bytes, one.frame.size()) << one.name;
  }
}

TEST(LookInside, NoPrefixIsReadBeyondItsEnd) {
  for (const Case& one : every_tunnel()) {
    PacketMeta whole;
    ASSERT_EQ(parse_frame(one.frame, kVerify, whole), DropReason::kNone);
    for (std::size_t size = 14; size < one.frame.size(); ++size) {
      const Frame cut(one.frame.begin(), one.frame.begin() + static_cast<std::ptrdiff_t>(size));
      Inside inside;
      DropReason reason{};
      EXPECT_NE(look_inside(cut, whole, kVerify, inside, reason), Found::kPacket) << one.name << size;
    }
  }
}

TEST(LookInside, ABothWaysTunnelHasOneName) {
  const Seen there = look(test::gre(inner4(), {.key = 0x123456'07, .ethernet = true}).bytes());
  PacketBuilder answer = test::gre(inner4(), {.key = 0x123456'99, .ethernet = true});
  answer.addresses("198.51.100.2", "192.0.2.1", false);
  const Seen back = look(answer.bytes());
  EXPECT_EQ(there.inside.tunnel, back.inside.tunnel) << "the flow number of NVGRE is no part of it";
  const Seen low_key = look(test::gre(inner4(), {.key = 7, .ethernet = true}).bytes());
  EXPECT_EQ(low_key.inside.tunnel.id, 7U) << "a key that cannot be NVGRE counts whole";
}

TEST(LookInside, WhatDoesNotFitIsTheOuterFlows) {
  using namespace test;
  const std::vector<std::pair<const char*, Frame>> cases = {
      {"GRE, routing", gre(inner4(), {.flags = 0x4000}).bytes()},
      {"GRE, version 1", gre(inner4(), {.flags = 0x0001}).bytes()},
      {"GRE, another protocol", gre(inner4(), {.protocol = 0x880b}).bytes()},
      {"VXLAN without its flag", vxlan(inner4(), 1, 0).bytes()},
      {"ARP in VXLAN", vxlan(raw(0x0806).payload("arp"), 1).bytes()},
      {"VXLAN from that port alone",
       carried_udp(4'789, 9'999, {8, 0, 0, 0, 0, 0, 1, 0}, inner4().bytes()).bytes()},
      {"GENEVE, version 1", geneve(inner4(), 1, 0, 0x40).bytes()},
      {"GTP, echo request", gtp(inner4(), 0x30, 0, 1).bytes()},
      {"GTP'", gtp(inner4(), 0x20).bytes()},
      {"GTP, too many extension headers", gtp(inner4(), 0x34, kGtpExtensionsMax + 1).bytes()},
      {"Teredo between other addresses", teredo(inner6(), "").bytes()},
      {"nothing inside", ipv4("192.0.2.1", "198.51.100.2").protocol(kProtocolIpv4).bytes()},
      {"version", ipip(inner4().ip_version(5), false).bytes()},
      {"length", ipip(inner4().ip_length(400), false).bytes()},
      {"header checksum", ipip(inner4().bad_ip_checksum(), false).bytes()},
      {"cut TCP header", ipip(inner4().ip_length(30), false).bytes()},
      {"UDP length", ipip(inner6().udp_length(3), false).bytes()},
  };
  for (const auto& [name, frame] : cases) EXPECT_EQ(look(frame).found, Found::kNothing) << name;
}

TEST(LookInside, WhatAReceiverMightTakeHidesNoFlow) {
  using namespace test;
  PacketBuilder chain = inner6();
  for (int i = 0; i <= kIpv6ExtensionsMax; ++i) chain.extension(60);
  const std::vector<std::pair<DropReason, Frame>> cases = {
      {DropReason::kTcpFlags, ipip(inner4().flags("SF"), false).bytes()},
      {DropReason::kIpv6Chain, ipip(chain, false).bytes()},
      {DropReason::kVlanDepth, vxlan(inner4().vlan(1).vlan(2).vlan(3).vlan(4), 1).bytes()},
      {DropReason::kMplsDepth, vxlan(inner4().mpls(kMplsLabelsMax + 1), 1).bytes()},
  };
  for (const auto& [reason, frame] : cases) {
    const Seen seen = look(frame);
    EXPECT_EQ(seen.found, Found::kEvasion);
    EXPECT_EQ(seen.reason, reason);
  }
}

/// Of what was built: the outer packet with good checksums, and the inner one.
Seen built_and_seen(const Frame& frame, std::size_t size) {
  const Frame built(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
  return look(built);
}

TEST(CarrierChecksums, AnyByteOfACheckedTunnelCounts) {
  for (const Case& one : every_tunnel()) {
    const Seen seen = look(one.frame);
    EXPECT_TRUE(carrier_checksums_hold(one.frame, seen.inside.meta)) << one.name;
    Frame damaged = one.frame;
    damaged.back() ^= 0x40U;  // of the inner payload
    const bool gre = one.type == TunnelType::kGre;
    const bool checked = gre ? (field_u16(one.frame, seen.outer.payload_offset) & 0x8000U) != 0
                             : seen.outer.kind == PacketKind::kUdp;
    EXPECT_EQ(carrier_checksums_hold(damaged, seen.inside.meta), !checked) << one.name;
  }
}

TEST(CarrierChecksums, OfATunnelInATunnelBothCount) {
  const Frame frame = test::ipip(test::vxlan(inner4(), 5'000), false).bytes();
  PacketMeta outer;
  ASSERT_EQ(parse_frame(frame, kVerify, outer), DropReason::kNone);
  Inside first;
  Inside second;
  DropReason reason{};
  ASSERT_EQ(look_inside(frame, outer, kVerify, first, reason), Found::kPacket);
  ASSERT_EQ(look_inside(frame, first.meta, kVerify, second, reason), Found::kPacket);
  EXPECT_TRUE(carrier_checksums_hold(frame, second.meta));
  Frame damaged = frame;
  damaged.back() ^= 0x40U;
  EXPECT_TRUE(carrier_checksums_hold(damaged, first.meta)) << "what is judged is its own affair";
  EXPECT_FALSE(carrier_checksums_hold(damaged, second.meta));
}

TEST(BuildInTunnel, ResetsArriveThroughTheTunnelTheyAreAbout) {
  for (const Case& one : every_tunnel()) {
    const Seen seen = look(one.frame);
    if (seen.inside.meta.kind != PacketKind::kTcp) continue;
    for (const ResetTarget target : {ResetTarget::kReceiver, ResetTarget::kSender}) {
      Frame out(kBuiltFrameBytesMax);
      const std::size_t size = build_reset(one.frame, seen.inside.meta, target, out);
      const bool back = target == ResetTarget::kSender;
      const bool unknown = one.type == TunnelType::kGtpU || one.id == 78;  // GRE with a sequence number
      ASSERT_EQ(size == 0, back && unknown) << one.name;
      if (size == 0) continue;
      const Seen reset = built_and_seen(out, size);
      ASSERT_EQ(reset.found, Found::kPacket) << one.name;
      EXPECT_EQ(reset.inside.tunnel, seen.inside.tunnel) << one.name;
      EXPECT_EQ(reset.inside.vlan, seen.inside.vlan) << one.name;
      EXPECT_EQ(reset.inside.meta.source_is_low, seen.inside.meta.source_is_low != back) << one.name;
      EXPECT_EQ(reset.outer.source_is_low, seen.outer.source_is_low != back) << one.name;
      EXPECT_TRUE(l4_checksum_holds(out, reset.inside.meta)) << one.name;
      EXPECT_TRUE(test::gre_checksum_holds(out, reset.outer)) << one.name;
      EXPECT_NE(reset.inside.meta.tcp_flags & kTcpRst, 0) << one.name;
    }
  }
}

TEST(BuildInTunnel, AnIcmpErrorQuotesTheInnerPacket) {
  for (const Case& one : every_tunnel()) {
    const Seen seen = look(one.frame);
    if (seen.inside.meta.kind != PacketKind::kUdp) continue;
    Frame out(kBuiltFrameBytesMax);
    const std::size_t size = build_unreachable(one.frame, seen.inside.meta, UnreachableReason::kPort, out);
    ASSERT_EQ(size == 0, one.type == TunnelType::kGtpU) << one.name;
    if (size == 0) continue;
    const Seen error = built_and_seen(out, size);
    ASSERT_EQ(error.found, Found::kPacket) << one.name;
    EXPECT_EQ(error.inside.meta.kind, PacketKind::kIcmpError) << one.name;
    EXPECT_TRUE(error.inside.meta.key == seen.inside.meta.key) << one.name;
  }
}

TEST(BuildInTunnel, ATunnelInATunnelIsRepeatedWhole) {
  const Frame frame =
      test::carried_udp(1'234, 4'789, {8, 0, 0, 0, 0, 0, 1, 0}, test::gre(inner4()).bytes()).bytes();
  const Seen first = look(frame);
  ASSERT_EQ(first.found, Found::kPacket);
  Inside second;
  DropReason reason{};
  ASSERT_EQ(look_inside(frame, first.inside.meta, kVerify, second, reason), Found::kPacket);
  EXPECT_EQ(second.meta.outer_l3_offset, 14);
  Frame out(kBuiltFrameBytesMax);
  const std::size_t size = build_reset(frame, second.meta, ResetTarget::kSender, out);
  ASSERT_GT(size, 0U);
  const Seen built = built_and_seen(out, size);
  ASSERT_EQ(built.found, Found::kPacket);
  Inside reset;
  ASSERT_EQ(look_inside(out, built.inside.meta, kVerify, reset, reason), Found::kPacket);
  EXPECT_TRUE(l4_checksum_holds(out, reset.meta));
  EXPECT_NE(reset.meta.tcp_flags & kTcpRst, 0);
}

}  // namespace
}  // namespace weir::dataplane
