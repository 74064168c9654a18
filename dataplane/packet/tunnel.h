// SPDX-License-Identifier: Apache-2.0
// Packets within packets: what a tunnel's header says, and the packet behind it. One level at a time; who
// asks again about what was found looks through another one. No state.
//
// What is inside decides nothing by being damaged: a packet that every receiver throws away (cut, a wrong
// version, length or checksum) carries nothing past Weir, and the tunnel's own flow is judged. What a
// receiver may take though Weir cannot follow it (an endless IPv6 chain, four VLAN tags, TCP flags that
// nobody sends) would hide a flow: it is dropped under the name that it has outside of tunnels.
#pragma once

#include "dataplane/channel/messages.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

inline constexpr int kTunnelDepthMax = 2;    // further ones are judged as what they are: a GRE flow, ...
inline constexpr int kGtpExtensionsMax = 8;  // headers; with more it is no GTP that anybody sends

/// A packet found in another one.
struct Inside {
  PacketMeta meta;         // offsets from the frame's start; without hash and VLAN
  channel::Tunnel tunnel;  // what it came through
  std::uint16_t vlan = 0;  // id of the outer tag of an Ethernet frame within; 0: none
  std::size_t header = 0;  // where the tunnel's header begins, from the frame's start
  std::size_t link = 0;    // where an Ethernet frame within begins; 0: there is none
};

/// Whether looking inside is worth it; false for most packets after one or two comparisons.
[[nodiscard]] inline bool may_hold_packet(const PacketMeta& meta) noexcept {
  if (meta.kind == PacketKind::kIp) {
    return meta.key.protocol == kProtocolGre || meta.key.protocol == kProtocolIpv4 ||
           meta.key.protocol == kProtocolIpv6;
  }
  if (meta.kind != PacketKind::kUdp) return false;
  const auto known = [](std::uint16_t port) {
    return port == kPortGtpU || port == kPortTeredo || port == kPortVxlan || port == kPortGeneve;
  };
  return known(meta.key.low_port) || known(meta.key.high_port);
}

enum class Found : std::uint8_t {
  kNothing,  // the packet is judged as what it is
  kPacket,   // `inside` is filled
  kEvasion,  // drop it for `reason`
};
[[nodiscard]] Found look_inside(Bytes frame, const PacketMeta& outer, const ParseOptions& options,
                                Inside& inside, DropReason& reason) noexcept;

/// Of a packet that was looked through to: whether the UDP and GRE checksums of what carries it are right.
/// With a wrong one the tunnel's end takes nothing of it. Walks from the frame's start; where it matters
/// only.
[[nodiscard]] bool carrier_checksums_hold(Bytes frame, const PacketMeta& inside) noexcept;

}  // namespace weir::dataplane
