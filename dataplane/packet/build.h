// SPDX-License-Identifier: Apache-2.0
// Frames that the data plane makes itself, about a packet that the policy refused or answered: they look as
// if the other end had sent them (its MAC and IP address, the same tags and labels), since Weir has no
// address of its own. TTL 64, right checksums, padded to Ethernet's 60 bytes. Stateless: everything comes
// from the offending packet.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

/// Room that every frame of this header fits in: what commonly stands before an IP header (a tunnel), and a
/// full ICMPv6 error.
inline constexpr std::size_t kBuiltFrameBytesMax = 256 + 1'280;
/// An ICMP error is no longer than this from its IP header on (RFC 1812 section 4.3.2.3; RFC 4443 section 2.4
/// (c)).
inline constexpr std::size_t kIcmpV4BytesMax = 576;
inline constexpr std::size_t kIcmpV6BytesMax = 1'280;

/// Payload of one built packet: what fits an IPv6 link of the smallest kind (RFC 8200 section 5) with a TCP
/// header and its time stamps, or with a UDP header.
inline constexpr std::size_t kSegmentBytesMax = 1'208;
inline constexpr std::size_t kBuiltDatagramBytesMax = 1'232;

enum class ResetTarget : std::uint8_t { kReceiver, kSender };  // of the offending packet

/// A TCP RST to one end. Returns the bytes written; 0 when the packet is no TCP, `out` is too small, or the
/// target is the sender of a RST (RFC 9293 section 3.10.7: never answer one). A receiver takes a RST at the
/// very next sequence number that it expects alone (RFC 5961 section 3): `expected`, where the flow's state
/// knows better than the packet, whose own numbers are used without it.
[[nodiscard]] std::size_t build_reset(Bytes offending_frame, const PacketMeta& meta, ResetTarget target,
                                      std::span<std::uint8_t> out,
                                      std::optional<std::uint32_t> expected = {}) noexcept;

/// What a TCP segment says; ports, addresses and time stamps (RFC 7323) come from the packet.
struct TcpSegment {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::uint16_t window = 0;
  std::uint8_t flags = 0;
  Bytes payload;  // at most kSegmentBytesMax
};

/// Returns the bytes written; 0 when the packet is no TCP, or `out` or the payload does not fit. The packet's
/// payload need not be there: `frame` may end with its TCP header when `meta` says so.
[[nodiscard]] std::size_t build_segment(Bytes frame, const PacketMeta& meta, ResetTarget target,
                                        const TcpSegment& segment, std::span<std::uint8_t> out) noexcept;

/// An answer to the sender of a UDP packet; 0 as above, and for a payload over kBuiltDatagramBytesMax.
[[nodiscard]] std::size_t build_datagram(Bytes frame, const PacketMeta& meta, Bytes payload,
                                         std::span<std::uint8_t> out) noexcept;

enum class UnreachableReason : std::uint8_t { kProhibited, kPort };

/// An ICMP or ICMPv6 destination unreachable to the sender. Returns the bytes written; 0 when `out` is too
/// small or where RFC 1122 section 3.2.2 and RFC 4443 section 2.4 (e) forbid an error: about ICMP, fragments,
/// and packets from or to more than one host.
[[nodiscard]] std::size_t build_unreachable(Bytes offending_frame, const PacketMeta& meta,
                                            UnreachableReason reason, std::span<std::uint8_t> out) noexcept;

}  // namespace weir::dataplane
