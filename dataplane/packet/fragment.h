// SPDX-License-Identifier: Apache-2.0
// One IP fragment: which datagram it is a part of, and which part. And the head of the whole datagram, made
// from that of its first fragment. Keeps nothing; what is held is in flow/fragment_table.h.
#pragma once

#include "dataplane/packet/fields.h"
#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

inline constexpr std::size_t kWholeDatagramBytesMax = 65'535;  // by the length fields of IPv4 and IPv6

struct Fragment {
  /// The same for all fragments of a datagram. A FlowKey, so that one hash serves both, read otherwise:
  /// source and destination in place of low and high, the identification (16 bits in IPv4, 32 in IPv6) in
  /// place of the ports, the port where it came in place of the pair.
  FlowKey datagram;
  std::uint32_t hash = 0;
  bool ipv6 = false;
  bool more = false;             // it is not the last one
  std::uint16_t l3_offset = 0;   // from the frame's start
  std::uint16_t head_bytes = 0;  // of its frame, up to the payload or the IPv6 fragment header
  std::uint32_t offset = 0;      // of its part in the datagram's payload
  Bytes frame;                   // the caller's
  Bytes payload;                 // its part, within the frame

  [[nodiscard]] std::size_t ip_header_bytes() const { return std::size_t{head_bytes} - l3_offset; }
  [[nodiscard]] std::uint32_t end() const { return offset + static_cast<std::uint32_t>(payload.size()); }
};

/// `meta`: what parse_frame said of it, of kind kFragment. `port`: where it came in.
[[nodiscard]] Fragment read_fragment(Bytes frame, const PacketMeta& meta, std::uint8_t port,
                                     std::uint32_t hash_seed) noexcept;

/// Writes what precedes the payload in the whole datagram's frame, at most `first.head_bytes` bytes, and
/// returns how many: lengths for `payload_bytes`, not a fragment, IPv4 checksum right. `first` is the
/// fragment at offset 0.
std::size_t write_whole_head(const Fragment& first, std::size_t payload_bytes, MutableBytes room) noexcept;

}  // namespace weir::dataplane
