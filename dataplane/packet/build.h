// SPDX-License-Identifier: Apache-2.0
// Frames that the data plane makes itself, about a packet that the policy refused: they look as if the other
// end had sent them (its MAC and IP address, the same VLAN tags), since Weir has no address of its own. TTL
// 64, right checksums, padded to Ethernet's 60 bytes. Stateless: everything comes from the offending packet.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

/// Room that every frame of this header fits in: two VLAN tags and a full ICMPv6 error.
inline constexpr std::size_t kBuiltFrameBytesMax = 22 + 1'280;
/// An ICMP error is no longer than this from its IP header on (RFC 1812 section 4.3.2.3; RFC 4443 section 2.4
/// (c)).
inline constexpr std::size_t kIcmpV4BytesMax = 576;
inline constexpr std::size_t kIcmpV6BytesMax = 1'280;

enum class ResetTarget : std::uint8_t { kReceiver, kSender };  // of the offending packet

/// A TCP RST to one end. Returns the bytes written; 0 when the packet is no TCP, `out` is too small, or the
/// target is the sender of a RST (RFC 9293 section 3.10.7: never answer one).
[[nodiscard]] std::size_t build_reset(Bytes offending_frame, const PacketMeta& meta, ResetTarget target,
                                      std::span<std::uint8_t> out) noexcept;

enum class UnreachableReason : std::uint8_t { kProhibited, kPort };

/// An ICMP or ICMPv6 destination unreachable to the sender. Returns the bytes written; 0 when `out` is too
/// small or where RFC 1122 section 3.2.2 and RFC 4443 section 2.4 (e) forbid an error: about ICMP, fragments,
/// and packets from or to more than one host.
[[nodiscard]] std::size_t build_unreachable(Bytes offending_frame, const PacketMeta& meta,
                                            UnreachableReason reason, std::span<std::uint8_t> out) noexcept;

}  // namespace weir::dataplane
