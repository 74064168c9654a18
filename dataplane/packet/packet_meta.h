// SPDX-License-Identifier: Apache-2.0
// What the parse stage learns of a frame: offsets, the flow key, the TCP fields that later stages need. Bytes
// above L4 are never looked at in this process.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "dataplane/packet/drop_reason.h"
#include "policy/model/byte_reader.h"
#include "policy/model/icmp_error.h"

namespace weir::dataplane {

inline constexpr int kIpv6ExtensionsMax = 8;

inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpPsh = 0x08;
inline constexpr std::uint8_t kTcpAck = 0x10;
inline constexpr std::uint8_t kTcpUrg = 0x20;

/// The same for both directions: the end with the lower (address, port) comes first. IPv4 is held mapped.
struct FlowKey {
  std::array<std::uint8_t, 16> low_address{};
  std::array<std::uint8_t, 16> high_address{};
  std::uint16_t low_port = 0;  // host order
  std::uint16_t high_port = 0;
  /// VLAN id; in a tunnel or behind several tags: kTunnelVlan + an index of the TunnelTable.
  std::uint16_t vlan = 0;
  std::uint8_t protocol = 0;
  std::uint8_t pair = 0;  // index of the port pair (a replay: 0)
  using Words = std::array<std::uint64_t, 5>;
  /// Word by word in registers: the packet path compares keys more often than anything else.
  bool operator==(const FlowKey& other) const noexcept {
    const Words mine = std::bit_cast<Words>(*this);
    const Words theirs = std::bit_cast<Words>(other);
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) difference |= mine[i] ^ theirs[i];
    return difference == 0;
  }
};
static_assert(sizeof(FlowKey) == sizeof(FlowKey::Words));

/// Above every VLAN id: equal addresses in different tunnels, or behind different tags, are different flows.
inline constexpr std::uint16_t kTunnelVlan = 0x1000;
/// Beside the outer VLAN's id, where parse_frame found tags behind it: the key is not whole (see_through).
inline constexpr std::uint16_t kMoreTags = 0x8000;

/// 32-bit hash of a key, the same on every machine (for tests); not for hostile-collision resistance alone:
/// `seed` is random per table.
[[nodiscard]] std::uint32_t hash_of(const FlowKey& key, std::uint32_t seed) noexcept;

enum class PacketKind : std::uint8_t {
  kOther,     // not IP: bridged by the ethertype table
  kFragment,  // an IP fragment: no ports to be trusted
  kIp,        // IP without ports (ICMP, GRE, ...): its flow is addresses + protocol
  kTcp,
  kUdp,
  kIcmpError,  // its key is that of the flow it is about, seen as a packet back to who it is sent to
};

/// Of the innermost packet that is looked through to.
struct PacketMeta {
  FlowKey key;  // kIp, kTcp, kUdp, kFragment
  std::uint32_t hash = 0;
  PacketKind kind = PacketKind::kOther;
  bool source_is_low = true;  // direction within the key
  bool ipv6 = false;
  std::uint8_t tcp_flags = 0;
  std::uint16_t ethertype = 0;  // innermost, host order; < 0x0600: LLC length
  std::uint16_t l3_offset = 0;  // from the frame's start
  std::uint16_t l4_offset = 0;  // from the frame's start; 0: none
  std::uint16_t payload_offset = 0;
  std::uint16_t payload_bytes = 0;  // by the IP length, without Ethernet padding
  std::uint16_t l3_bytes = 0;       // IP header and all it says it holds
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgement = 0;
  std::uint16_t tcp_window = 0;
  std::uint16_t outer_l3_offset = 0;  // in a tunnel: of the frame's own IP header; 0: in none
  bool operator==(const PacketMeta&) const noexcept = default;
};

struct ParseOptions {
  std::uint32_t hash_seed = 0;
  std::uint8_t pair = 0;
  bool verify_ip_checksum = true;  // off where the NIC said good, which it says of the outermost packet
  bool verify_l4_checksum = true;
};

/// Fills `meta`; DropReason::kNone when the frame may go on. Never reads outside `frame`, never throws.
[[nodiscard]] DropReason parse_frame(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept;

/// The same, the general way: parse_frame has a short way for the commonest frames, which must not differ.
[[nodiscard]] DropReason parse_any_frame(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept;

/// Of a kIcmpError about a flow that nobody knows: its own flow takes that one's place, and it is a kIp.
void follow_own_flow(Bytes frame, std::uint32_t hash_seed, PacketMeta& meta) noexcept;
/// Of a kIcmpError.
[[nodiscard]] IcmpError icmp_error_of(Bytes frame, const PacketMeta& meta) noexcept;
/// Of an IP packet: its source, IPv4 mapped. Of a kIcmpError this need not be an end of the flow.
[[nodiscard]] std::array<std::uint8_t, 16> sender_of(Bytes frame, const PacketMeta& meta) noexcept;

/// Of a frame that parse_frame found good with `verify_l4_checksum` off: whether the checksum of its TCP
/// segment, datagram or ICMP error is right.
[[nodiscard]] bool l4_checksum_holds(Bytes frame, const PacketMeta& meta) noexcept;

}  // namespace weir::dataplane
