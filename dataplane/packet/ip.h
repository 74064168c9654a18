// SPDX-License-Identifier: Apache-2.0
// One IP packet: header, IPv6 extension headers, TCP, UDP or ICMP header. Nothing above L4. Used for what a
// frame carries and for what a tunnel carries.
#pragma once

#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

inline constexpr std::uint8_t kProtocolIpv4 = 4;  // IANA: IPv4 in IP, RFC 2003
inline constexpr std::uint8_t kProtocolIpv6 = 41;
inline constexpr std::uint8_t kProtocolGre = 47;
// Where UDP carries packets.
inline constexpr std::uint16_t kPortGtpU = 2152;       // 3GPP TS 29.281 section 4.4.2
inline constexpr std::uint16_t kPortTeredo = 3544;     // RFC 4380 section 2.7
inline constexpr std::uint16_t kPortLisp = 4341;       // RFC 9300 section 5.3
inline constexpr std::uint16_t kPortGreInUdp = 4754;   // RFC 8086
inline constexpr std::uint16_t kPortVxlan = 4789;      // RFC 7348 section 5
inline constexpr std::uint16_t kPortVxlanGpe = 4790;   // IANA
inline constexpr std::uint16_t kPortGeneve = 6081;     // RFC 8926 section 3.3
inline constexpr std::uint16_t kPortMplsInUdp = 6635;  // RFC 7510
inline constexpr std::size_t kIpv4BytesMin = 20;
inline constexpr std::size_t kIpv6Bytes = 40;
inline constexpr std::size_t kUdpBytes = 8;

/// Fills `meta` but for its ethertype, its hash and the VLAN of its key. The packet begins at
/// `meta.l3_offset` and is of the version that `meta.ipv6` says; `frame` ends where it may end at the latest.
[[nodiscard]] DropReason parse_ip(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept;

/// Flag combinations that some TCP sends.
[[nodiscard]] inline bool tcp_flags_make_sense(std::uint8_t flags) noexcept {
  if ((flags & (kTcpFin | kTcpSyn | kTcpRst | kTcpPsh | kTcpAck | kTcpUrg)) == 0) return false;
  return (flags & kTcpSyn) == 0 || (flags & (kTcpFin | kTcpRst)) == 0;
}

}  // namespace weir::dataplane
