// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ip.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/packet_builder.h"
#include "tests/unit/dataplane/packet/parsed.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;
using test::ipv6;
using test::PacketBuilder;

/// What an ICMP error quotes of a frame.
std::string quoted(const PacketBuilder& packet, std::size_t l4_bytes = 8) {
  const Frame frame = packet.bytes();
  const PacketMeta meta = parsed(packet);
  return {frame.begin() + meta.l3_offset, frame.begin() + static_cast<long>(meta.l4_offset + l4_bytes)};
}

PacketBuilder error4(const PacketBuilder& about, std::uint8_t type = 3, std::uint8_t code = 3) {
  return ipv4("192.0.2.1", "10.0.0.1").icmp(type, code).payload(quoted(about));
}
PacketBuilder error6(const PacketBuilder& about, std::uint8_t type = 1, std::uint8_t code = 4) {
  return ipv6("2001:db8:2::1", "fd00::1").icmp(type, code).payload(quoted(about));
}

TEST(IcmpError, BelongsToTheFlowThatItIsAbout) {
  const std::vector<std::pair<PacketBuilder, PacketBuilder>> all = {
      {udp4(), error4(udp4())},
      {tcp4(), error4(tcp4(), 11, 0)},
      {tcp4().vlan(30), error4(tcp4()).vlan(30)},
      {udp6(), error6(udp6())},
      {tcp6(), error6(tcp6(), 2, 0)},
      {ipv4("10.0.0.1", "1.1.1.1").icmp(8).payload("ping"),
       error4(ipv4("10.0.0.1", "1.1.1.1").icmp(8), 11, 0)},
      {ipv4("10.0.0.1", "1.1.1.1").protocol(50).payload("sealed it"),
       error4(ipv4("10.0.0.1", "1.1.1.1").protocol(50).payload("sealed it"), 3, 13)}};
  for (const auto& [about, error] : all) {
    const PacketMeta flow = parsed(about);
    PacketMeta meta = parsed(error);
    EXPECT_EQ(meta.kind, PacketKind::kIcmpError);
    EXPECT_TRUE(meta.key == flow.key && meta.hash == flow.hash);
    EXPECT_NE(meta.source_is_low, flow.source_is_low) << "it goes to the sender";
    follow_own_flow(error.bytes(), kOptions.hash_seed, meta);
    EXPECT_EQ(meta.kind, PacketKind::kIp);
    EXPECT_TRUE(meta.key.protocol == kProtocolIcmp || meta.key.protocol == kProtocolIcmpV6);
    EXPECT_EQ(meta.key.low_port, 0);
    EXPECT_EQ(meta.key.vlan, flow.key.vlan);
    EXPECT_EQ(meta.hash, hash_of(meta.key, kOptions.hash_seed));
    EXPECT_NE(meta.key, flow.key);
  }
}

TEST(IcmpError, IsOneOfItsOwnWhereItNamesNoFlowOfItsReceiver) {
  const Frame fragment =
      ipv4("10.0.0.1", "1.1.1.1").protocol(17).fragment(1'480, false).payload("rest").bytes();
  const std::vector<PacketBuilder> all = {
      ipv4("192.0.2.1", "10.0.0.2").icmp(3, 3).payload(quoted(udp4())),     // sent to somebody else
      ipv4("192.0.2.1", "10.0.0.1").icmp(8).payload(quoted(udp4())),        // an echo
      ipv4("192.0.2.1", "10.0.0.1").icmp(3, 3).payload(quoted(udp4(), 3)),  // too little
      ipv4("192.0.2.1", "10.0.0.1").icmp(3, 3).payload(quoted(udp4()).substr(0, 19)),
      ipv4("192.0.2.1", "10.0.0.1").icmp(3, 3).payload(quoted(udp6())),  // of the other version
      ipv4("192.0.2.1", "10.0.0.1").icmp(3, 3).payload(""),
      ipv4("192.0.2.1", "10.0.0.1").icmp(11, 1).payload(std::string(fragment.begin() + 14, fragment.end())),
      ipv4("192.0.2.1", "10.0.0.1")
          .icmp(3, 3)
          .payload(quoted(ipv4("10.0.0.1", "1.1.1.1").icmp(3, 3))),  // an error
      ipv6("2001:db8:2::1", "fd00::2").icmp(1, 4).payload(quoted(udp6())),
      ipv6("2001:db8:2::1", "fd00::1").icmp(1, 4).payload(quoted(udp6()).substr(0, 39)),
      ipv6("2001:db8:2::1", "fd00::1").icmp(135).payload(quoted(udp6()))};
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(parsed(all[i]).kind, PacketKind::kIp) << i;
}

TEST(IcmpError, NoReceiverTakesOneWithAWrongChecksum) {
  PacketMeta meta;
  for (const PacketBuilder& error : {error4(udp4()), error6(udp6())}) {
    EXPECT_EQ(parse_frame(error.bytes(), kOptions, meta), DropReason::kNone);
    EXPECT_EQ(parse_frame(PacketBuilder(error).bad_l4_checksum().bytes(), kOptions, meta),
              DropReason::kL4Checksum);
  }
}

}  // namespace
}  // namespace weir::dataplane
