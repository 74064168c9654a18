// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ip.h"

#include <algorithm>
#include <array>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ends.h"
#include "dataplane/packet/fields.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kTcpBytesMin = 20;
constexpr std::size_t kIcmpBytes = 8;
constexpr std::size_t kPacketBytesLimit = 65'535;

// IANA "Internet Protocol Numbers": IPv6 extension headers that may be walked over.
constexpr std::uint8_t kHopByHop = 0;
constexpr std::uint8_t kRouting = 43;
constexpr std::uint8_t kFragmentHeader = 44;
constexpr std::uint8_t kAuthentication = 51;
constexpr std::uint8_t kDestinationOptions = 60;
constexpr std::size_t kExtensionBytesMin = 8;

/// What the IP header said: the packet without Ethernet padding, and where its L4 begins.
struct IpPacket {
  Bytes bytes;
  Bytes addresses;  // source, destination
  std::size_t l4 = 0;
  std::uint8_t protocol = 0;
  bool fragment = false;
};

std::uint16_t narrow(std::size_t value) noexcept { return static_cast<std::uint16_t>(value); }

DropReason parse_ipv4(Bytes from_l3, const ParseOptions& options, IpPacket& ip) noexcept {
  if (from_l3.size() < kIpv4BytesMin) return DropReason::kIpTruncated;
  const std::uint8_t first = field_u8(from_l3, 0);
  const std::size_t header = std::size_t{first & 0x0fU} * 4;
  if (first >> 4U != 4 || header < kIpv4BytesMin) return DropReason::kIpHeader;
  const std::size_t total = field_u16(from_l3, 2);
  if (total < header) return DropReason::kIpHeader;
  if (total > from_l3.size()) return DropReason::kIpTruncated;
  if (options.verify_ip_checksum && checksum_fold(checksum_add(0, part(from_l3, 0, header))) != 0xffff) {
    return DropReason::kIpChecksum;
  }
  ip.bytes = part(from_l3, 0, total);
  ip.addresses = part(from_l3, 12, 8);
  ip.l4 = header;
  ip.protocol = field_u8(from_l3, 9);
  ip.fragment = (field_u16(from_l3, 6) & 0x3fffU) != 0;  // more fragments, or an offset
  return DropReason::kNone;
}

/// Walks the extension headers (RFC 8200 section 4). A fragment header that says "whole" (RFC 6946) is walked
/// over.
DropReason walk_extensions(IpPacket& ip) noexcept {
  for (int headers = 0;; ++headers) {
    const std::uint8_t type = ip.protocol;
    if (type != kHopByHop && type != kRouting && type != kFragmentHeader && type != kAuthentication &&
        type != kDestinationOptions) {
      return DropReason::kNone;
    }
    if (headers == kIpv6ExtensionsMax || ip.bytes.size() - ip.l4 < kExtensionBytesMin)
      return DropReason::kIpv6Chain;
    std::size_t size = kExtensionBytesMin;
    const std::size_t length = field_u8(ip.bytes, ip.l4 + 1);
    if (type == kAuthentication) {
      size = (length + 2) * 4;  // RFC 4302 section 2.2: in 4-byte units, minus two
    } else if (type != kFragmentHeader) {
      size = (length + 1) * 8;
    }
    if (size > ip.bytes.size() - ip.l4) return DropReason::kIpv6Chain;
    ip.protocol = field_u8(ip.bytes, ip.l4);
    const bool partial = type == kFragmentHeader && (field_u16(ip.bytes, ip.l4 + 2) & 0xfff9U) != 0;
    ip.l4 += size;
    if (partial) {
      ip.fragment = true;  // what follows is only there in the first one: the same key for all
      return DropReason::kNone;
    }
  }
}

DropReason parse_ipv6(Bytes from_l3, IpPacket& ip) noexcept {
  if (from_l3.size() < kIpv6Bytes) return DropReason::kIpTruncated;
  if (field_u8(from_l3, 0) >> 4U != 6) return DropReason::kIpHeader;
  const std::size_t total = kIpv6Bytes + field_u16(from_l3, 4);
  if (total > kPacketBytesLimit) return DropReason::kIpHeader;
  if (total > from_l3.size()) return DropReason::kIpTruncated;
  ip.bytes = part(from_l3, 0, total);
  ip.addresses = part(from_l3, 8, 32);
  ip.l4 = kIpv6Bytes;
  ip.protocol = field_u8(from_l3, 6);
  return walk_extensions(ip);
}

void set_payload(PacketMeta& meta, const IpPacket& ip, std::size_t header, std::size_t payload) noexcept {
  meta.l4_offset = narrow(meta.l3_offset + ip.l4);
  meta.payload_offset = narrow(meta.l4_offset + header);
  meta.payload_bytes = narrow(payload);
}

DropReason parse_tcp(const IpPacket& ip, PacketMeta& meta) noexcept {
  const Bytes segment = part(ip.bytes, ip.l4);
  if (segment.size() < kTcpBytesMin) return DropReason::kL4Truncated;
  const std::size_t header = std::size_t{field_u8(segment, 12)} / 16 * 4;
  if (header < kTcpBytesMin || header > segment.size()) return DropReason::kL4Truncated;
  meta.tcp_flags = field_u8(segment, 13);
  if (!tcp_flags_make_sense(meta.tcp_flags)) return DropReason::kTcpFlags;
  meta.kind = PacketKind::kTcp;
  meta.tcp_sequence = field_u32(segment, 4);
  meta.tcp_acknowledgement = field_u32(segment, 8);
  meta.tcp_window = field_u16(segment, 14);
  set_payload(meta, ip, header, segment.size() - header);
  return DropReason::kNone;
}

DropReason parse_udp(const IpPacket& ip, PacketMeta& meta) noexcept {
  const Bytes rest = part(ip.bytes, ip.l4);
  if (rest.size() < kUdpBytes) return DropReason::kL4Truncated;
  const std::size_t length = field_u16(rest, 4);
  if (length < kUdpBytes || length > rest.size()) return DropReason::kL4Truncated;
  meta.kind = PacketKind::kUdp;
  set_payload(meta, ip, kUdpBytes, length - kUdpBytes);
  return DropReason::kNone;
}

DropReason parse_l4(const IpPacket& ip, PacketMeta& meta) noexcept {
  if (ip.fragment) {
    meta.kind = PacketKind::kFragment;
    meta.payload_offset = narrow(meta.l3_offset + ip.l4);
    meta.payload_bytes = narrow(ip.bytes.size() - ip.l4);
    return DropReason::kNone;
  }
  if (ip.protocol == kProtocolTcp) return parse_tcp(ip, meta);
  if (ip.protocol == kProtocolUdp) return parse_udp(ip, meta);
  const bool icmp = ip.protocol == (meta.ipv6 ? kProtocolIcmpV6 : kProtocolIcmp);
  const std::size_t header = icmp ? kIcmpBytes : 0;
  if (ip.bytes.size() - ip.l4 < header) return DropReason::kL4Truncated;
  meta.kind = PacketKind::kIp;
  set_payload(meta, ip, header, ip.bytes.size() - ip.l4 - header);
  return DropReason::kNone;
}

void fill_key(const IpPacket& ip, Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  const std::size_t half = ip.addresses.size() / 2;
  const bool ports = meta.kind == PacketKind::kTcp || meta.kind == PacketKind::kUdp;
  set_ends(meta, mapped_address(part(ip.addresses, 0, half)), mapped_address(part(ip.addresses, half)),
           ports ? field_u16(frame, meta.l4_offset) : std::uint16_t{0},
           ports ? field_u16(frame, meta.l4_offset + 2U) : std::uint16_t{0});
  meta.key.protocol = ip.protocol;
  meta.key.pair = options.pair;
}

/// What an error quotes: the header of the packet that it is about, and at least 8 bytes of what followed
/// (RFC 792; RFC 4443 section 2.4). False: too little to name its flow.
bool read_quoted(Bytes quoted, bool ipv6, IpPacket& ip) noexcept {
  ip.bytes = quoted;
  const unsigned version = field_u8(quoted, 0) >> 4U;
  if (ipv6) {
    if (version != 6 || quoted.size() < kIpv6Bytes) return false;
    ip.addresses = part(quoted, 8, 32);
    ip.l4 = kIpv6Bytes;
    ip.protocol = field_u8(quoted, 6);
    return walk_extensions(ip) == DropReason::kNone && !ip.fragment;
  }
  ip.l4 = std::size_t{field_u8(quoted, 0) & 0x0fU} * 4;
  if (version != 4 || ip.l4 < kIpv4BytesMin || quoted.size() < ip.l4) return false;
  ip.addresses = part(quoted, 12, 8);
  ip.protocol = field_u8(quoted, 9);
  return (field_u16(quoted, 6) & 0x1fffU) == 0;  // the first fragment has the ports
}

/// An error that quotes what its receiver sent belongs to that packet's flow.
void follow_quoted(const IpPacket& error, PacketMeta& meta) noexcept {
  const Bytes message = part(error.bytes, error.l4);
  if (to_icmp_error(meta.ipv6, field_u8(message, 0), field_u8(message, 1)) == IcmpError::kNone) return;
  IpPacket about;
  if (!read_quoted(part(message, kIcmpBytes), meta.ipv6, about)) return;
  const std::size_t half = about.addresses.size() / 2;
  if (!std::ranges::equal(part(about.addresses, 0, half), part(error.addresses, half))) return;
  const bool ports = about.protocol == kProtocolTcp || about.protocol == kProtocolUdp;
  const Bytes head = part(about.bytes, about.l4);
  if (ports && head.size() < 4) return;
  if (about.protocol == error.protocol &&
      to_icmp_error(meta.ipv6, field_u8(head, 0), field_u8(head, 1)) != IcmpError::kNone) {
    return;  // nobody answers an error with an error
  }
  meta.kind = PacketKind::kIcmpError;
  meta.key.protocol = about.protocol;
  set_ends(meta, mapped_address(part(about.addresses, half)), mapped_address(part(about.addresses, 0, half)),
           ports ? field_u16(head, 2) : std::uint16_t{0}, ports ? field_u16(head, 0) : std::uint16_t{0});
}

}  // namespace

DropReason parse_ip(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  IpPacket ip;
  const Bytes from_l3 = part(frame, meta.l3_offset);
  DropReason reason = meta.ipv6 ? parse_ipv6(from_l3, ip) : parse_ipv4(from_l3, options, ip);
  if (reason != DropReason::kNone) return reason;
  meta.l3_bytes = narrow(ip.bytes.size());
  reason = parse_l4(ip, meta);
  if (reason != DropReason::kNone) return reason;
  fill_key(ip, frame, options, meta);
  if (meta.kind == PacketKind::kIp && ip.protocol == (meta.ipv6 ? kProtocolIcmpV6 : kProtocolIcmp)) {
    follow_quoted(ip, meta);
  }
  return DropReason::kNone;
}

void follow_own_flow(Bytes frame, std::uint32_t hash_seed, PacketMeta& meta) noexcept {
  const std::size_t size = meta.ipv6 ? 16 : 4;
  const std::size_t source = meta.l3_offset + (meta.ipv6 ? std::size_t{8} : std::size_t{12});
  meta.kind = PacketKind::kIp;
  meta.key.protocol = meta.ipv6 ? kProtocolIcmpV6 : kProtocolIcmp;
  set_ends(meta, mapped_address(part(frame, source, size)), mapped_address(part(frame, source + size, size)),
           0, 0);
  meta.hash = hash_of(meta.key, hash_seed);
}

std::array<std::uint8_t, 16> sender_of(Bytes frame, const PacketMeta& meta) noexcept {
  const std::size_t source = meta.l3_offset + (meta.ipv6 ? std::size_t{8} : std::size_t{12});
  return mapped_address(part(frame, source, meta.ipv6 ? 16 : 4)).bytes();
}

IcmpError icmp_error_of(Bytes frame, const PacketMeta& meta) noexcept {
  return to_icmp_error(meta.ipv6, field_u8(frame, meta.l4_offset), field_u8(frame, meta.l4_offset + 1U));
}

namespace {

/// UDP over IPv6 has a checksum (RFC 8200 section 8.1), but for what the ends of tunnels take without one
/// (RFC 6935 section 5).
bool may_lack_checksum(Bytes udp) noexcept {
  constexpr std::array<std::uint16_t, 7> kTunnels = {kPortGtpU,     kPortLisp,   kPortGreInUdp, kPortVxlan,
                                                     kPortVxlanGpe, kPortGeneve, kPortMplsInUdp};
  return std::ranges::find(kTunnels, field_u16(udp, 2)) != kTunnels.end();
}

}  // namespace

bool l4_checksum_holds(Bytes frame, const PacketMeta& meta) noexcept {
  const bool error = meta.kind == PacketKind::kIcmpError;
  if (meta.kind != PacketKind::kTcp && meta.kind != PacketKind::kUdp && !error) return true;
  const Bytes packet = part(frame, meta.l3_offset, meta.l3_bytes);
  // UDP may say that it ends before its packet does.
  const std::size_t segment_bytes = std::size_t{meta.payload_offset} + meta.payload_bytes - meta.l4_offset;
  const Bytes segment = part(frame, meta.l4_offset, segment_bytes);
  if (meta.kind == PacketKind::kUdp && field_u16(segment, 6) == 0) {
    return !meta.ipv6 || may_lack_checksum(segment);  // IPv4 may leave it out (RFC 768)
  }
  if (error && !meta.ipv6) return checksum_fold(checksum_add(0, segment)) == 0xffff;
  const Bytes addresses = meta.ipv6 ? part(packet, 8, 32) : part(packet, 12, 8);
  const std::uint8_t protocol = error ? kProtocolIcmpV6 : meta.key.protocol;
  const std::uint64_t pseudo = pseudo_header_sum(addresses, protocol, segment.size());
  return checksum_fold(checksum_add(pseudo, segment)) == 0xffff;
}

}  // namespace weir::dataplane
