// SPDX-License-Identifier: Apache-2.0
// Looking into a TCP header that parse_frame found whole: its options, and where its bytes end.
#pragma once

#include "dataplane/packet/fields.h"
#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

inline constexpr std::uint8_t kTcpSack = 5;        // RFC 2018
inline constexpr std::uint8_t kTcpTimeStamps = 8;  // RFC 7323
inline constexpr std::uint8_t kTcpTimeStampBytes = 10;
inline constexpr std::size_t kTcpHeaderBytesMin = 20;

/// The first option of this kind with its kind and length; empty when there is none or one before it is
/// broken.
[[nodiscard]] inline Bytes tcp_option(Bytes frame, const PacketMeta& meta, std::uint8_t kind) noexcept {
  constexpr std::uint8_t kEnd = 0;
  constexpr std::uint8_t kNothing = 1;
  const std::size_t from = meta.l4_offset + kTcpHeaderBytesMin;
  if (meta.payload_offset < from) return {};
  Bytes left = part(frame, from, meta.payload_offset - from);
  while (!left.empty() && field_u8(left, 0) != kEnd) {
    if (field_u8(left, 0) == kNothing) {
      left = left.subspan(1);
      continue;
    }
    const std::size_t length = field_u8(left, 1);
    if (length < 2 || length > left.size()) return {};
    if (field_u8(left, 0) == kind) return left.first(length);
    left = left.subspan(length);
  }
  return {};
}

/// The sequence number after the segment (RFC 9293 section 3.4: SYN and FIN count).
[[nodiscard]] inline std::uint32_t sequence_end(const PacketMeta& meta) noexcept {
  return meta.tcp_sequence + meta.payload_bytes + ((meta.tcp_flags & kTcpSyn) != 0 ? 1 : 0) +
         ((meta.tcp_flags & kTcpFin) != 0 ? 1 : 0);
}
/// `a` before `b`, modulo 2^32.
[[nodiscard]] inline bool sequence_before(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}

}  // namespace weir::dataplane
