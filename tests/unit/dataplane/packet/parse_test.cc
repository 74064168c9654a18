// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/packet_meta.h"
#include "tests/support/packet_builder.h"
#include "tests/unit/dataplane/packet/parsed.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;
using test::PacketBuilder;
using test::raw;

struct Case {
  const char* name;
  Frame frame;
  DropReason reason;
  PacketKind kind = PacketKind::kOther;  // where it is not dropped
};

Frame bytes_of(std::size_t size) { return Frame(size, 0x55); }

const Frame kNoBottom = {0, 1, 0, 64};
/// Cisco's OUI before what would be IP.
const Frame kOtherOrganisation = [] {
  Frame bytes = {0xaa, 0xaa, 3, 0, 0, 0x0c, 8, 0};
  bytes.resize(62);
  return bytes;
}();

std::vector<Case> link_cases() {
  using enum DropReason;
  return {
      {"empty", {}, kRunt},
      {"13 bytes", bytes_of(13), kRunt},
      {"an Ethernet header and nothing else", raw(0x88b5).bytes(), kNone, PacketKind::kOther},
      {"ARP", raw(0x0806).payload("arp").bytes(), kNone, PacketKind::kOther},
      {"LLC", raw(100).payload("stp").bytes(), kNone, PacketKind::kOther},
      {"one tag", tcp4().vlan(30).bytes(), kNone, PacketKind::kTcp},
      {"QinQ", tcp4().vlan(30, 0x88a8).vlan(40).bytes(), kNone, PacketKind::kTcp},
      {"tagged ARP", raw(0x0806).vlan(30).payload("arp").bytes(), kNone, PacketKind::kOther},
      {"three tags", tcp4().vlan(1, 0x88a8).vlan(2).vlan(3).bytes(), kNone, PacketKind::kTcp},
      {"four tags", tcp4().vlan(1).vlan(2).vlan(3).vlan(4).bytes(), kVlanDepth},
      {"cut in the tag", tcp4().vlan(30).cut(17).bytes(), kRunt},
      {"cut in the second tag", tcp4().vlan(30).vlan(40).cut(20).bytes(), kRunt},
      {"the ethertype of QinQ before 802.1ad", tcp4().vlan(30, 0x9100).vlan(40).bytes(), kNone,
       PacketKind::kTcp},
      {"MPLS without a bottom of stack", raw(0x8847).payload(Bytes{kNoBottom}).bytes(), kRunt},
      {"MPLS, IPv4", tcp4().vlan(3).mpls(2).bytes(), kNone, PacketKind::kTcp},
      {"MPLS, IPv6", udp6().mpls(1).bytes(), kNone, PacketKind::kUdp},
      {"MPLS to the limit", tcp4().mpls(kMplsLabelsMax).bytes(), kNone, PacketKind::kTcp},
      {"MPLS beyond the limit", tcp4().mpls(kMplsLabelsMax + 1).bytes(), kMplsDepth},
      {"a pseudowire in MPLS", raw(0x88b5).mpls(1).payload("\x01 control word").bytes(), kNone,
       PacketKind::kOther},
      {"PPPoE, IPv4", tcp4().pppoe().padding(9).bytes(), kNone, PacketKind::kTcp},
      {"PPPoE, IPv6", udp6().vlan(7).pppoe().bytes(), kNone, PacketKind::kUdp},
      {"PPPoE, LCP", raw(0x0800).pppoe(0xc021).payload("echo").bytes(), kNone, PacketKind::kOther},
      {"PPPoE, length beyond the frame", tcp4().pppoe().cut(50).bytes(), kNone, PacketKind::kOther},
      {"IP beyond the PPPoE length", tcp4().ip_length(41).pppoe().padding(9).bytes(), kIpTruncated},
      {"LLC/SNAP, IPv4", tcp4().snap().padding(3).bytes(), kNone, PacketKind::kTcp},
      {"LLC/SNAP, IPv6", udp6().vlan(9).snap().bytes(), kNone, PacketKind::kUdp},
      {"LLC/SNAP, ARP", raw(0x0806).payload("arp").snap().bytes(), kNone, PacketKind::kOther},
      {"LLC/SNAP, length beyond the frame", tcp4().snap().cut(60).bytes(), kNone, PacketKind::kOther},
      {"IP beyond the 802.3 length", tcp4().ip_length(41).snap().padding(9).bytes(), kIpTruncated},
      {"LLC/SNAP of another organisation", raw(62).payload(Bytes{kOtherOrganisation}).bytes(), kNone,
       PacketKind::kOther},
  };
}

std::vector<Case> ipv4_cases() {
  using enum DropReason;
  return {
      {"no byte of it", raw(0x0800).bytes(), kIpTruncated},
      {"19 bytes", tcp4().cut(14 + 19).bytes(), kIpTruncated},
      {"version 5", tcp4().ip_version(5).bytes(), kIpHeader},
      {"version 6 in 0x0800", tcp6().ethertype(0x0800).bytes(), kIpHeader},
      {"header of 16 bytes", tcp4().ip_header_words(4).bytes(), kIpHeader},
      {"total length below the header", tcp4().ip_length(19).bytes(), kIpHeader},
      {"total length beyond the frame", tcp4().ip_length(41).bytes(), kIpTruncated},
      {"header beyond the frame", tcp4().ip_header_words(15).bytes(), kIpHeader},
      {"checksum", tcp4().bad_ip_checksum().bytes(), kIpChecksum},
      {"options", tcp4().ip_options({0x94, 4, 0, 0}).bytes(), kNone, PacketKind::kTcp},
      {"options to the limit", tcp4().ip_options(Frame(40, 1)).bytes(), kNone, PacketKind::kTcp},
      {"padding", tcp4().padding(6).bytes(), kNone, PacketKind::kTcp},
      {"first fragment", udp4().fragment(0, true).bytes(), kNone, PacketKind::kFragment},
      {"later fragment", udp4().fragment(1'480, true).bytes(), kNone, PacketKind::kFragment},
      {"last fragment", udp4().fragment(2'960, false).bytes(), kNone, PacketKind::kFragment},
      {"tiny fragment of TCP", tcp4().fragment(0, true).cut(14 + 28).ip_length(28).bytes(), kNone,
       PacketKind::kFragment},
      {"GRE", ipv4("10.0.0.1", "1.1.1.1").protocol(47).payload("gre").bytes(), kNone, PacketKind::kIp},
      {"any protocol without a byte", ipv4("10.0.0.1", "1.1.1.1").protocol(253).bytes(), kNone,
       PacketKind::kIp},
      {"ICMP", ipv4("10.0.0.1", "1.1.1.1").icmp(8).payload("ping").bytes(), kNone, PacketKind::kIp},
      {"ICMP of 7 bytes", ipv4("10.0.0.1", "1.1.1.1").icmp(8).ip_length(27).bytes(), kL4Truncated},
      {"ICMPv6 over IPv4 is any protocol", ipv4("10.0.0.1", "1.1.1.1").protocol(58).ip_length(27).bytes(),
       kNone, PacketKind::kIp},
  };
}

std::vector<Case> ipv6_cases() {
  using enum DropReason;
  return {
      {"39 bytes", tcp6().cut(14 + 39).bytes(), kIpTruncated},
      {"version 4", tcp6().ip_version(4).bytes(), kIpHeader},
      {"payload length beyond the frame", tcp6().ip_length(21).bytes(), kIpTruncated},
      {"payload length beyond 65,535 in all", tcp6().ip_length(65'500).padding(66'000).bytes(), kIpHeader},
      {"TCP", tcp6().bytes(), kNone, PacketKind::kTcp},
      {"UDP", udp6().bytes(), kNone, PacketKind::kUdp},
      {"padding", udp6().padding(9).bytes(), kNone, PacketKind::kUdp},
      {"hop-by-hop, routing, destination, AH",
       tcp6().extension(0).extension(43, 24).extension(60, 16).extension(51, 24).bytes(), kNone,
       PacketKind::kTcp},
      {"eight extensions",
       udp6()
           .extension(0)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .bytes(),
       kNone, PacketKind::kUdp},
      {"nine extensions",
       udp6()
           .extension(0)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .extension(60)
           .bytes(),
       kIpv6Chain},
      {"chain cut before a header", udp6().extension(0).ip_length(7).bytes(), kIpv6Chain},
      {"chain cut within a header", udp6().extension(60, 64).ip_length(32).bytes(), kIpv6Chain},
      {"AH cut", udp6().extension(51, 24).ip_length(16).bytes(), kIpv6Chain},
      {"first fragment", udp6().fragment(0, true).bytes(), kNone, PacketKind::kFragment},
      {"later fragment", udp6().extension(0).fragment(1'448, false).bytes(), kNone, PacketKind::kFragment},
      {"a fragment that is whole", udp6().fragment(0, false).bytes(), kNone, PacketKind::kUdp},
      {"no next header", ipv6("fd00::1", "fd00::2").protocol(59).bytes(), kNone, PacketKind::kIp},
      {"ICMPv6", ipv6("fd00::1", "fd00::2").icmp(135).payload("target").bytes(), kNone, PacketKind::kIp},
      {"ICMPv6 of 7 bytes", ipv6("fd00::1", "fd00::2").icmp(135).ip_length(7).bytes(), kL4Truncated},
  };
}

std::vector<Case> l4_cases() {
  using enum DropReason;
  return {
      {"TCP of 19 bytes", tcp4().ip_length(39).bytes(), kL4Truncated},
      {"TCP header of 16 bytes", tcp4().tcp_header_words(4).bytes(), kL4Truncated},
      {"TCP header beyond the packet", tcp4().tcp_header_words(6).bytes(), kL4Truncated},
      {"TCP options", tcp4().tcp_options({2, 4, 5, 0xb4}).flags("S").bytes(), kNone, PacketKind::kTcp},
      {"TCP checksum", tcp4().bad_l4_checksum().bytes(), kL4Checksum},
      {"TCP checksum, IPv6", tcp6().bad_l4_checksum().bytes(), kL4Checksum},
      {"TCP checksum zero is no checksum", tcp4().no_l4_checksum().bytes(), kL4Checksum},
      {"TCP without flags", tcp4().flags("").bytes(), kTcpFlags},
      {"SYN and FIN", tcp4().flags("SF").bytes(), kTcpFlags},
      {"SYN and RST", tcp4().flags("SR").bytes(), kTcpFlags},
      {"Christmas tree", tcp4().flags("FPU").bytes(), kNone, PacketKind::kTcp},
      {"FIN, RST and ACK", tcp4().flags("FRA").bytes(), kNone, PacketKind::kTcp},
      {"UDP of 7 bytes", udp4().ip_length(27).bytes(), kL4Truncated},
      {"UDP length 7", udp4().udp_length(7).bytes(), kL4Truncated},
      {"UDP length beyond the packet", udp4().udp_length(14).bytes(), kL4Truncated},
      {"UDP checksum", udp4().bad_l4_checksum().bytes(), kL4Checksum},
      {"UDP without checksum, IPv4", udp4().no_l4_checksum().bytes(), kNone, PacketKind::kUdp},
      {"UDP without checksum, IPv6", udp6().no_l4_checksum().bytes(), kL4Checksum},
      {"UDP without checksum to a tunnel's end, IPv6",
       ipv6("fd00::1", "fd00::2").udp(50'000, kPortVxlan).payload("any").no_l4_checksum().bytes(), kNone,
       PacketKind::kUdp},
      {"UDP without checksum from such a port, IPv6",
       ipv6("fd00::1", "fd00::2").udp(kPortVxlan, 50'000).payload("any").no_l4_checksum().bytes(),
       kL4Checksum},
      {"wrong UDP checksum to a tunnel's end, IPv6",
       ipv6("fd00::1", "fd00::2").udp(50'000, kPortGtpU).payload("any").bad_l4_checksum().bytes(),
       kL4Checksum},
      {"UDP checksum, IPv6", udp6().bad_l4_checksum().bytes(), kL4Checksum},
      {"UDP without payload", ipv4("10.0.0.1", "1.1.1.1").udp(1, 2).bytes(), kNone, PacketKind::kUdp},
  };
}

std::vector<Case> every_case() {
  std::vector<Case> all;
  for (const auto& cases : {link_cases(), ipv4_cases(), ipv6_cases(), l4_cases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

TEST(ParseFrame, EveryBranchHasItsReasonAndKind) {
  for (const Case& one : every_case()) {
    PacketMeta meta;
    EXPECT_EQ(parse_frame(one.frame, kOptions, meta), one.reason) << one.name;
    if (one.reason == DropReason::kNone) {
      EXPECT_EQ(meta.kind, one.kind) << one.name;
    }
  }
}

void expect_one_result(const Frame& frame, const char* name) {
  for (const bool verify : {false, true}) {
    const ParseOptions options{
        .hash_seed = 7, .pair = 3, .verify_ip_checksum = verify, .verify_l4_checksum = verify};
    PacketMeta either;
    PacketMeta general;
    const DropReason reason = parse_frame(frame, options, either);
    ASSERT_EQ(reason, parse_any_frame(frame, options, general)) << name;
    ASSERT_TRUE(reason != DropReason::kNone || either == general) << name;
  }
}

TEST(ParseFrame, TheShortWaySaysWhatTheGeneralWaySays) {
  std::mt19937 random{20'261'123};
  for (const Case& one : every_case()) {
    expect_one_result(one.frame, one.name);
    if (one.frame.empty()) continue;
    for (int round = 0; round < 2'000; ++round) {
      Frame damaged = one.frame;
      for (std::size_t bytes = random() % 3; bytes < 3; ++bytes) {
        damaged[random() % std::min<std::size_t>(damaged.size(), 80)] = static_cast<std::uint8_t>(random());
      }
      if (random() % 4 == 0) damaged.resize(random() % damaged.size());
      expect_one_result(damaged, one.name);
    }
  }
}

TEST(ParseFrame, TcpFieldsAndOffsets) {
  const PacketMeta meta = parsed(ipv4("10.0.0.9", "10.0.0.1")
                                     .tcp(443, 40'000)
                                     .flags("PA")
                                     .sequence(0xfffffff0)
                                     .acknowledgement(77)
                                     .window(512)
                                     .ip_options({1, 1, 1, 1})
                                     .tcp_options({1, 1, 1, 1})
                                     .payload("0123456789")
                                     .vlan(0x2000 | 30, 0x88a8)
                                     .vlan(99)
                                     .padding(20));
  EXPECT_EQ(meta.key.vlan, 30 | kMoreTags) << "the outer id without its priority bits";
  EXPECT_EQ(meta.l3_offset, 22);
  EXPECT_EQ(meta.l3_bytes, 24 + 24 + 10);
  EXPECT_EQ(meta.l4_offset, 22 + 24);
  EXPECT_EQ(meta.payload_offset, 22 + 24 + 24);
  EXPECT_EQ(meta.payload_bytes, 10);
  EXPECT_EQ(meta.ethertype, 0x0800);
  EXPECT_FALSE(meta.ipv6);
  EXPECT_EQ(meta.tcp_flags, kTcpPsh | kTcpAck);
  EXPECT_EQ(meta.tcp_sequence, 0xfffffff0U);
  EXPECT_EQ(meta.tcp_acknowledgement, 77U);
  EXPECT_EQ(meta.tcp_window, 512);
  EXPECT_FALSE(meta.source_is_low);
  EXPECT_EQ(meta.key.low_address, IpAddress::parse("10.0.0.1")->bytes());
  EXPECT_EQ(meta.key.high_address, IpAddress::parse("10.0.0.9")->bytes());
  EXPECT_EQ(meta.key.low_port, 40'000);
  EXPECT_EQ(meta.key.high_port, 443);
  EXPECT_EQ(meta.key.protocol, 6);
  EXPECT_EQ(meta.key.pair, 1);
}

TEST(ParseFrame, UdpPayloadFollowsTheUdpLength) {
  const PacketMeta meta = parsed(udp4().udp_length(10).no_l4_checksum());
  EXPECT_EQ(meta.payload_bytes, 2);
  EXPECT_EQ(meta.l3_bytes, 20 + 8 + 5);
}

TEST(ParseFrame, BothDirectionsHaveOneKey) {
  const PacketMeta there = parsed(udp6());
  const PacketMeta back = parsed(ipv6("2001:db8::1", "fd00::1").udp(53, 5'353).payload("answer"));
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.hash, back.hash);
  EXPECT_NE(there.source_is_low, back.source_is_low);

  const PacketMeta up = parsed(ipv4("10.0.0.1", "10.0.0.1").tcp(1, 2));
  const PacketMeta down = parsed(ipv4("10.0.0.1", "10.0.0.1").tcp(2, 1));
  EXPECT_EQ(up.key, down.key) << "one address: the ports decide";
  EXPECT_TRUE(up.source_is_low);
  EXPECT_FALSE(down.source_is_low);
}

TEST(ParseFrame, FragmentsOfOneDatagramShareAKeyWithoutPorts) {
  const PacketMeta first = parsed(udp6().fragment(0, true));
  const PacketMeta later =
      parsed(ipv6("fd00::1", "2001:db8::1").protocol(17).payload("rest").fragment(1'448, false));
  EXPECT_EQ(first.key, later.key);
  EXPECT_EQ(first.key.low_port, 0);
  EXPECT_EQ(first.key.high_port, 0);
  EXPECT_EQ(first.key.protocol, 17);
  EXPECT_EQ(first.l4_offset, 0);
  EXPECT_EQ(later.payload_bytes, 8 + 4) << "whatever follows the fragment header";
}

TEST(ParseFrame, ChecksumsCanBeLeftToTheCard) {
  PacketMeta meta;
  ParseOptions trusting = kOptions;
  trusting.verify_ip_checksum = false;
  trusting.verify_l4_checksum = false;
  EXPECT_EQ(parse_frame(tcp4().bad_ip_checksum().bytes(), trusting, meta), DropReason::kNone);
  EXPECT_EQ(parse_frame(tcp4().bad_l4_checksum().bytes(), trusting, meta), DropReason::kNone);
  EXPECT_EQ(parse_frame(udp6().no_l4_checksum().bytes(), trusting, meta), DropReason::kNone);
}

TEST(ParseFrame, NoPrefixOfAFrameIsReadBeyondItsEnd) {
  for (const Frame& whole :
       {tcp6().vlan(1).vlan(2).extension(0).extension(51, 24).payload("abc").bytes(),
        tcp4().ip_options(Frame(8, 1)).tcp_options(Frame(8, 1)).payload("abc").bytes(), udp4().bytes()}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Frame prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      PacketMeta meta;
      EXPECT_NE(parse_frame(prefix, kOptions, meta), DropReason::kNone) << size;
    }
  }
}

TEST(Checksum, AgreesWithThePlainOneForEveryLength) {
  std::mt19937 random{1};
  Frame bytes;
  for (std::size_t size = 0; size < 300; ++size) {
    const std::uint16_t fast =
        network_order(static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, bytes))));
    EXPECT_EQ(fast, test::plain_checksum(bytes)) << size;
    bytes.push_back(static_cast<std::uint8_t>(random()));
  }
  const Frame ones(9'216, 0xff);
  EXPECT_EQ(checksum_fold(checksum_add(0, ones)), 0xffff) << "all carries";
}

TEST(HashOf, DependsOnTheSeedAndOnEveryByteOfTheKey) {
  FlowKey key = parsed(tcp4()).key;
  const std::uint32_t plain = hash_of(key, 1);
  EXPECT_EQ(plain, hash_of(key, 1));
  EXPECT_NE(plain, hash_of(key, 2));
  for (std::size_t i = 0; i < sizeof(key); ++i) {
    FlowKey other = key;
    std::uint8_t bytes[sizeof(FlowKey)];
    std::memcpy(bytes, &other, sizeof(other));
    bytes[i] ^= 1;
    std::memcpy(&other, bytes, sizeof(other));
    EXPECT_NE(hash_of(other, 1), plain) << "byte " << i;
  }
}

TEST(HashOf, SpreadsNeighbouringFlows) {
  FlowKey key = parsed(tcp4()).key;
  std::array<int, 256> low{};
  std::array<int, 256> high{};
  constexpr int kFlows = 64 * 256;
  for (int i = 0; i < kFlows; ++i) {
    key.low_port = static_cast<std::uint16_t>(i);
    const std::uint32_t hash = hash_of(key, 9);
    ++low[hash & 0xffU];
    ++high[hash >> 24U];
  }
  for (int i = 0; i < 256; ++i) {
    EXPECT_NEAR(low[static_cast<std::size_t>(i)], 64, 45);
    EXPECT_NEAR(high[static_cast<std::size_t>(i)], 64, 45);
  }
}

}  // namespace
}  // namespace weir::dataplane
