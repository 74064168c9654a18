// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/fragment.h"

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/ip.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kFragmentHeaderBytes = 8;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kFragmentHeader = 44;

/// What precedes the IP header, with a length for `l3_bytes` behind it. A SNAP header is left out, since its
/// length would not fit an 802.3 frame.
std::size_t write_link(const Fragment& first, std::size_t l3_bytes, MutableBytes room) noexcept {
  Link link;
  static_cast<void>(walk_link(first.frame, 0, link));  // parse_frame found no fault with it
  const std::size_t bytes = link.kind == LinkKind::kSnap ? link.header : first.l3_offset;
  set_bytes(room, 0, part(first.frame, 0, bytes));
  if (link.kind == LinkKind::kSnap) {
    set_u16(room, bytes - 2, link.ethertype);
  } else {
    set_link_length(room, 0, bytes + l3_bytes);
  }
  return bytes;
}

/// Where the IPv6 packet says that a fragment header follows. parse_frame has walked this chain.
std::size_t next_header_at(Bytes packet, std::size_t fragment_header) noexcept {
  std::size_t says = 6;
  std::size_t at = kIpv6Bytes;
  while (at < fragment_header) {
    const std::uint8_t type = field_u8(packet, says);
    const std::size_t length = field_u8(packet, at + 1);
    says = at;
    at += type == kAuthentication   ? (length + 2) * 4
          : type == kFragmentHeader ? kFragmentHeaderBytes
                                    : (length + 1) * 8;
  }
  return says;
}

}  // namespace

Fragment read_fragment(Bytes frame, const PacketMeta& meta, std::uint8_t port,
                       std::uint32_t hash_seed) noexcept {
  Fragment fragment;
  fragment.ipv6 = meta.ipv6;
  fragment.l3_offset = meta.l3_offset;
  fragment.frame = frame;
  fragment.payload = part(frame, meta.payload_offset, meta.payload_bytes);
  std::uint32_t identification = 0;
  if (meta.ipv6) {  // RFC 8200 section 4.5
    const std::size_t header = meta.payload_offset - kFragmentHeaderBytes;
    const std::uint16_t field = field_u16(frame, header + 2);
    fragment.head_bytes = static_cast<std::uint16_t>(header);
    fragment.offset = field & 0xfff8U;
    fragment.more = (field & 1U) != 0;
    identification = field_u32(frame, header + 4);
  } else {  // RFC 791 section 3.1
    const std::uint16_t field = field_u16(frame, meta.l3_offset + 6U);
    fragment.head_bytes = meta.payload_offset;
    fragment.offset = (field & 0x1fffU) * 8U;
    fragment.more = (field & 0x2000U) != 0;
    identification = field_u16(frame, meta.l3_offset + 4U);
  }
  const FlowKey& key = meta.key;
  fragment.datagram = key;
  fragment.datagram.low_address = meta.source_is_low ? key.low_address : key.high_address;
  fragment.datagram.high_address = meta.source_is_low ? key.high_address : key.low_address;
  fragment.datagram.low_port = static_cast<std::uint16_t>(identification >> 16U);
  fragment.datagram.high_port = static_cast<std::uint16_t>(identification);
  fragment.datagram.pair = port;
  fragment.hash = hash_of(fragment.datagram, hash_seed);
  return fragment;
}

std::size_t write_whole_head(const Fragment& first, std::size_t payload_bytes, MutableBytes room) noexcept {
  const Bytes packet = part(first.frame, first.l3_offset);
  const std::size_t header = first.ip_header_bytes();
  const std::size_t l3 = write_link(first, header + payload_bytes, room);
  set_bytes(room, l3, part(packet, 0, header));
  if (first.ipv6) {
    set_u16(room, l3 + 4, static_cast<std::uint16_t>(header - kIpv6Bytes + payload_bytes));
    set_u8(room, l3 + next_header_at(packet, header), field_u8(packet, header));
  } else {
    set_u16(room, l3 + 2, static_cast<std::uint16_t>(header + payload_bytes));
    set_u16(room, l3 + 6, field_u16(packet, 6) & 0x4000U);  // only "do not fragment" stays
    set_u16(room, l3 + 10, 0);
    const std::uint16_t sum = checksum_fold(checksum_add(0, part(room, l3, header)));
    set_u16(room, l3 + 10, network_order(static_cast<std::uint16_t>(~sum)));
  }
  return l3 + header;
}

}  // namespace weir::dataplane
