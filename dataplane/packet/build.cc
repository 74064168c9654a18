// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/build.h"

#include <algorithm>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/encapsulation.h"
#include "dataplane/packet/fields.h"
#include "dataplane/packet/tcp_options.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kFrameBytesMin = 60;  // without the frame check sequence
constexpr std::size_t kTcpBytes = 20;
constexpr std::size_t kIcmpBytes = 8;
constexpr std::uint8_t kTtl = 64;

struct IpLayout {
  std::size_t header;
  std::size_t addresses_at;
  std::size_t address;
};
constexpr IpLayout kLayoutV4{20, 12, 4};
constexpr IpLayout kLayoutV6{40, 8, 16};

const IpLayout& layout_of(const PacketMeta& meta) noexcept { return meta.ipv6 ? kLayoutV6 : kLayoutV4; }

/// Source (first) or destination (second) of the offending packet.
Bytes address_of(Bytes frame, const PacketMeta& meta, bool destination) noexcept {
  const IpLayout& ip = layout_of(meta);
  return frame.subspan(meta.l3_offset + ip.addresses_at + (destination ? ip.address : 0), ip.address);
}

/// The offending frame must hold what its meta says: both come from the same parse.
bool fits(Bytes frame, const PacketMeta& meta) noexcept {
  return meta.l3_offset >= 2 * kMacBytes + 2 && meta.l3_bytes >= layout_of(meta).header &&
         frame.size() >= std::size_t{meta.l3_offset} + meta.l3_bytes;
}

/// All headers of a frame whose L4 part has `l4_bytes`. `back`: from the receiver to the sender.
void write_headers(MutableBytes out, const Encapsulation& around, Bytes frame, const PacketMeta& meta,
                   bool back, std::uint8_t protocol, std::size_t l4_bytes) noexcept {
  around.write(out, frame, meta.l3_offset + layout_of(meta).header + l4_bytes);
  const IpLayout& layout = layout_of(meta);
  const MutableBytes ip = out.subspan(meta.l3_offset);
  set_bytes(ip, layout.addresses_at, address_of(frame, meta, back));
  set_bytes(ip, layout.addresses_at + layout.address, address_of(frame, meta, !back));
  if (meta.ipv6) {
    set_u8(ip, 0, 0x60);
    set_u16(ip, 4, static_cast<std::uint16_t>(l4_bytes));
    set_u8(ip, 6, protocol);
    set_u8(ip, 7, kTtl);
    return;
  }
  set_u8(ip, 0, 0x45);
  set_u16(ip, 2, static_cast<std::uint16_t>(layout.header + l4_bytes));
  set_u16(ip, 6, 0x4000);  // do not fragment: the identification may then be zero (RFC 6864)
  set_u8(ip, 8, kTtl);
  set_u8(ip, 9, protocol);
  const std::uint16_t sum = checksum_fold(checksum_add(0, Bytes{ip}.first(layout.header)));
  set_u16(ip, 10, network_order(static_cast<std::uint16_t>(~sum)));
}

/// The last step: of L4, then of what carries the packet.
void write_checksums(MutableBytes out, const Encapsulation& around, const PacketMeta& meta,
                     std::uint8_t protocol, std::size_t l4_bytes, std::size_t checksum_at) noexcept {
  const IpLayout& layout = layout_of(meta);
  const Bytes ip = Bytes{out}.subspan(meta.l3_offset);
  std::uint64_t sum = 0;
  if (protocol != kProtocolIcmp) {
    sum = pseudo_header_sum(ip.subspan(layout.addresses_at, 2 * layout.address), protocol, l4_bytes);
  }
  sum = checksum_add(sum, ip.subspan(layout.header, l4_bytes));
  auto checksum = static_cast<std::uint16_t>(~checksum_fold(sum));
  if (protocol == kProtocolUdp && checksum == 0) checksum = 0xffff;  // RFC 768: zero would say there is none
  set_u16(out, meta.l3_offset + layout.header + checksum_at, network_order(checksum));
  around.seal(out, meta.l3_offset + layout.header + l4_bytes);
}

/// Zeroed room for the whole frame, padded; empty when `out` is too small.
MutableBytes room_for(MutableBytes out, const PacketMeta& meta, std::size_t l4_bytes) noexcept {
  const std::size_t bytes = meta.l3_offset + layout_of(meta).header + l4_bytes;
  const std::size_t padded = std::max(bytes, kFrameBytesMin);
  if (out.size() < padded) return {};
  const MutableBytes room = out.first(padded);
  std::fill(room.begin(), room.end(), std::uint8_t{0});
  return room;
}

bool names_one_host(Bytes address) noexcept {
  if (std::ranges::all_of(address, [](std::uint8_t byte) { return byte == 0; })) return false;
  // Multicast and broadcast: 224.0.0.0 and up, ff00::/8.
  return field_u8(address, 0) < (address.size() == 4 ? 0xe0 : 0xff);
}

bool between_two_hosts(Bytes frame, const PacketMeta& meta) noexcept {
  if (meta.kind == PacketKind::kOther || meta.kind == PacketKind::kFragment ||
      meta.kind == PacketKind::kIcmpError)
    return false;
  if (meta.key.protocol == kProtocolIcmp || meta.key.protocol == kProtocolIcmpV6) return false;
  const bool group_mac = (field_u8(frame, 0) & 1U) != 0;
  return !group_mac && names_one_host(address_of(frame, meta, false)) &&
         names_one_host(address_of(frame, meta, true));
}

}  // namespace

std::size_t build_segment(Bytes frame, const PacketMeta& meta, ResetTarget target, const TcpSegment& segment,
                          std::span<std::uint8_t> out) noexcept {
  const bool back = target == ResetTarget::kSender;
  if (meta.kind != PacketKind::kTcp || !fits(frame, meta)) return 0;
  if (segment.payload.size() > kSegmentBytesMax) return 0;
  // RFC 7323 section 3.2: once agreed on, every segment but a RST carries them. To the sender: its own value
  // comes back, and the value of ours that it saw last cannot be older than what it remembers.
  const Bytes stamps = (segment.flags & kTcpRst) != 0 ? Bytes{} : tcp_option(frame, meta, kTcpTimeStamps);
  const std::size_t option_bytes = stamps.size() == kTcpTimeStampBytes ? kTcpTimeStampBytes + 2 : 0;
  const std::size_t header = kTcpBytes + option_bytes;
  const std::size_t l4_bytes = header + segment.payload.size();
  const MutableBytes room = room_for(out, meta, l4_bytes);
  Encapsulation around;
  if (room.empty() || !around.read(frame, meta, back)) return 0;
  write_headers(room, around, frame, meta, back, kProtocolTcp, l4_bytes);

  const std::size_t tcp = meta.l3_offset + layout_of(meta).header;
  const Bytes ports = frame.subspan(meta.l4_offset, 4);
  set_bytes(room, tcp, ports.subspan(back ? 2 : 0, 2));
  set_bytes(room, tcp + 2, ports.subspan(back ? 0 : 2, 2));
  set_u32(room, tcp + 4, segment.sequence);
  set_u32(room, tcp + 8, segment.acknowledgement);
  set_u8(room, tcp + 12, static_cast<std::uint8_t>(header / 4 << 4U));
  set_u8(room, tcp + 13, segment.flags);
  set_u16(room, tcp + 14, segment.window);
  if (option_bytes > 0) {
    set_u16(room, tcp + kTcpBytes, 0x0101);  // two NOPs: the values stand on four-byte boundaries
    set_u16(room, tcp + kTcpBytes + 2, (kTcpTimeStamps << 8U) | kTcpTimeStampBytes);
    set_bytes(room, tcp + kTcpBytes + 4, stamps.subspan(back ? 6 : 2, 4));
    set_bytes(room, tcp + kTcpBytes + 8, stamps.subspan(back ? 2 : 6, 4));
  }
  set_bytes(room, tcp + header, segment.payload);
  write_checksums(room, around, meta, kProtocolTcp, l4_bytes, 16);
  return room.size();
}

std::size_t build_reset(Bytes offending_frame, const PacketMeta& meta, ResetTarget target,
                        std::span<std::uint8_t> out, std::optional<std::uint32_t> expected) noexcept {
  const bool back = target == ResetTarget::kSender;
  if (back && (meta.tcp_flags & kTcpRst) != 0) return 0;
  // A packet without ACK (the first SYN) has no acknowledgement to take a sequence number from (RFC 9293
  // section 3.10.7.1: <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>).
  const bool has_ack = (meta.tcp_flags & kTcpAck) != 0;
  const std::uint32_t theirs = has_ack ? meta.tcp_acknowledgement : 0;
  TcpSegment reset;
  reset.sequence = back ? theirs : meta.tcp_sequence;
  if (expected && (has_ack || !back)) reset.sequence = *expected;
  reset.acknowledgement = back ? sequence_end(meta) : theirs;
  reset.flags = back || has_ack ? kTcpRst | kTcpAck : kTcpRst;
  return build_segment(offending_frame, meta, target, reset, out);
}

std::size_t build_datagram(Bytes frame, const PacketMeta& meta, Bytes payload,
                           std::span<std::uint8_t> out) noexcept {
  if (meta.kind != PacketKind::kUdp || !fits(frame, meta) || payload.size() > kBuiltDatagramBytesMax)
    return 0;
  if (!between_two_hosts(frame, meta)) return 0;  // sent to many: no one of them is asked
  const std::size_t l4_bytes = kUdpBytes + payload.size();
  const MutableBytes room = room_for(out, meta, l4_bytes);
  Encapsulation around;
  if (room.empty() || !around.read(frame, meta, true)) return 0;
  write_headers(room, around, frame, meta, true, kProtocolUdp, l4_bytes);
  const std::size_t udp = meta.l3_offset + layout_of(meta).header;
  const Bytes ports = frame.subspan(meta.l4_offset, 4);
  set_bytes(room, udp, ports.subspan(2, 2));
  set_bytes(room, udp + 2, ports.subspan(0, 2));
  set_u16(room, udp + 4, static_cast<std::uint16_t>(l4_bytes));
  set_bytes(room, udp + kUdpBytes, payload);
  write_checksums(room, around, meta, kProtocolUdp, l4_bytes, 6);
  return room.size();
}

std::size_t build_unreachable(Bytes offending_frame, const PacketMeta& meta, UnreachableReason reason,
                              std::span<std::uint8_t> out) noexcept {
  if (!fits(offending_frame, meta) || !between_two_hosts(offending_frame, meta)) return 0;
  const std::size_t most = meta.ipv6 ? kIcmpV6BytesMax : kIcmpV4BytesMax;
  const std::size_t quoted = std::min<std::size_t>(meta.l3_bytes, most - layout_of(meta).header - kIcmpBytes);
  const std::size_t l4_bytes = kIcmpBytes + quoted;
  const MutableBytes room = room_for(out, meta, l4_bytes);
  Encapsulation around;
  if (room.empty() || !around.read(offending_frame, meta, true)) return 0;
  const std::uint8_t protocol = meta.ipv6 ? kProtocolIcmpV6 : kProtocolIcmp;
  write_headers(room, around, offending_frame, meta, true, protocol, l4_bytes);

  // Destination unreachable: RFC 792 and RFC 1812 section 5.2.7.1 (type 3, codes 3 and 13), RFC 4443
  // section 3.1 (type 1, codes 4 and 1).
  const bool port = reason == UnreachableReason::kPort;
  const std::size_t icmp = meta.l3_offset + layout_of(meta).header;
  set_u8(room, icmp, meta.ipv6 ? 1 : 3);
  set_u8(room, icmp + 1, meta.ipv6 ? (port ? 4 : 1) : (port ? 3 : 13));
  set_bytes(room, icmp + kIcmpBytes, offending_frame.subspan(meta.l3_offset, quoted));
  write_checksums(room, around, meta, protocol, l4_bytes, 2);
  return room.size();
}

}  // namespace weir::dataplane
