// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/fields.h"
#include "dataplane/packet/packet_meta.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kVlanTagBytes = 4;
constexpr std::uint16_t kEthertypeVlan = 0x8100;      // IEEE 802.1Q
constexpr std::uint16_t kEthertypeProvider = 0x88a8;  // IEEE 802.1ad
constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;

constexpr std::size_t kIpv4BytesMin = 20;
constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kTcpBytesMin = 20;
constexpr std::size_t kUdpBytes = 8;
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

DropReason parse_link(Bytes frame, PacketMeta& meta) noexcept {
  if (frame.size() < kEthernetBytes) return DropReason::kRunt;
  std::size_t at = kEthernetBytes;
  std::uint16_t ethertype = field_u16(frame, 12);
  for (int tags = 0; ethertype == kEthertypeVlan || ethertype == kEthertypeProvider; ++tags) {
    if (tags == kVlanTagsMax) return DropReason::kVlanDepth;
    if (frame.size() < at + kVlanTagBytes) return DropReason::kRunt;
    if (tags == 0) meta.key.vlan = field_u16(frame, at) & 0x0fffU;
    ethertype = field_u16(frame, at + 2);
    at += kVlanTagBytes;
  }
  meta.ethertype = ethertype;
  meta.l3_offset = narrow(at);
  return DropReason::kNone;
}

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

bool tcp_flags_make_sense(std::uint8_t flags) noexcept {
  if ((flags & (kTcpFin | kTcpSyn | kTcpRst | kTcpPsh | kTcpAck | kTcpUrg)) == 0) return false;
  return (flags & kTcpSyn) == 0 || (flags & (kTcpFin | kTcpRst)) == 0;
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

/// An address as two words whose bytes in memory are the address; written and read whole, so that the
/// processor need not wait for a store to leave before the bytes can be loaded again.
struct Address {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  /// As one compares the bytes.
  [[nodiscard]] bool operator<(const Address& other) const noexcept {
    if (first != other.first) return network_order_64(first) < network_order_64(other.first);
    return network_order_64(second) < network_order_64(other.second);
  }
  bool operator==(const Address&) const noexcept = default;
  [[nodiscard]] std::array<std::uint8_t, 16> bytes() const noexcept {
    return std::bit_cast<std::array<std::uint8_t, 16>>(*this);
  }
  [[nodiscard]] static std::uint64_t network_order_64(std::uint64_t word) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
  }
};

Address mapped_address(Bytes bytes) noexcept {
  Address address;
  if (bytes.size() == 4) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, bytes.data(), sizeof(v4));
    constexpr bool kLittle = std::endian::native == std::endian::little;
    address.second =
        kLittle ? (std::uint64_t{v4} << 32U) | 0xffff'0000U : std::uint64_t{v4} | 0xffff'0000'0000U;
    return address;
  }
  std::memcpy(&address.first, bytes.data(), sizeof(address.first));
  std::memcpy(&address.second, bytes.data() + sizeof(address.first), sizeof(address.second));
  return address;
}

void fill_key(const IpPacket& ip, Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  const std::size_t half = ip.addresses.size() / 2;
  const Address source = mapped_address(part(ip.addresses, 0, half));
  const Address destination = mapped_address(part(ip.addresses, half));
  const bool ports = meta.kind == PacketKind::kTcp || meta.kind == PacketKind::kUdp;
  const std::uint16_t source_port = ports ? field_u16(frame, meta.l4_offset) : std::uint16_t{0};
  const std::uint16_t destination_port = ports ? field_u16(frame, meta.l4_offset + 2U) : std::uint16_t{0};
  const bool low = source < destination || (source == destination && source_port <= destination_port);
  meta.source_is_low = low;
  meta.key.low_address = (low ? source : destination).bytes();
  meta.key.high_address = (low ? destination : source).bytes();
  meta.key.low_port = low ? source_port : destination_port;
  meta.key.high_port = low ? destination_port : source_port;
  meta.key.protocol = ip.protocol;
  meta.key.pair = options.pair;
  meta.hash = hash_of(meta.key, options.hash_seed);
}

std::uint64_t little_endian(const std::uint8_t* bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

/// Both halves of the 128-bit product, combined.
std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace

std::uint32_t hash_of(const FlowKey& key, std::uint32_t seed) noexcept {
  // Three products that do not wait for each other, folded to 64 bits, and one that mixes them. Each factor
  // is covered by the seed, so that nobody outside can choose a zero or find colliding keys.
  constexpr std::uint64_t kStep = 0x9fb2'1c65'1e98'df25U;
  constexpr std::array<std::uint64_t, 6> kCover = {0xc2b2'ae3d'27d4'eb4fU, 0xa076'1d64'78bd'642fU,
                                                   0xe703'7ed1'a0b4'28dbU, 0x8ebc'6af0'9c88'c6e3U,
                                                   0x5899'65cc'7537'4cc3U, 0x1d8e'4e27'c47d'124fU};
  const std::uint64_t own = (std::uint64_t{seed} + 1) * kStep;
  const std::uint64_t ends = (std::uint64_t{key.low_port} << 48U) | (std::uint64_t{key.high_port} << 32U) |
                             (std::uint64_t{key.vlan} << 16U) | (std::uint64_t{key.protocol} << 8U) |
                             key.pair;
  const auto word = [&](const std::array<std::uint8_t, 16>& address, std::size_t half, std::size_t cover) {
    return little_endian(address.data() + 8 * half) ^ kCover[cover] ^ own;
  };
  const std::uint64_t low = folded_product(word(key.low_address, 0, 0), word(key.low_address, 1, 1));
  const std::uint64_t high = folded_product(word(key.high_address, 0, 2), word(key.high_address, 1, 3));
  const std::uint64_t rest = folded_product(ends ^ kCover[4] ^ own, kCover[5]);
  const std::uint64_t hash = folded_product(low ^ std::rotl(high, 32) ^ rest, kStep);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

DropReason parse_frame(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  static constexpr PacketMeta kFresh{};  // copied from memory, not put together byte by byte
  meta = kFresh;
  DropReason reason = parse_link(frame, meta);
  if (reason != DropReason::kNone) return reason;
  if (meta.ethertype != kEthertypeIpv4 && meta.ethertype != kEthertypeIpv6) return DropReason::kNone;

  meta.ipv6 = meta.ethertype == kEthertypeIpv6;
  IpPacket ip;
  const Bytes from_l3 = part(frame, meta.l3_offset);
  reason = meta.ipv6 ? parse_ipv6(from_l3, ip) : parse_ipv4(from_l3, options, ip);
  if (reason != DropReason::kNone) return reason;
  meta.l3_bytes = narrow(ip.bytes.size());
  reason = parse_l4(ip, meta);
  if (reason != DropReason::kNone) return reason;
  fill_key(ip, frame, options, meta);
  return options.verify_l4_checksum && !l4_checksum_holds(frame, meta) ? DropReason::kL4Checksum
                                                                       : DropReason::kNone;
}

bool l4_checksum_holds(Bytes frame, const PacketMeta& meta) noexcept {
  if (meta.kind != PacketKind::kTcp && meta.kind != PacketKind::kUdp) return true;
  const Bytes packet = part(frame, meta.l3_offset, meta.l3_bytes);
  // UDP may say that it ends before its packet does.
  const std::size_t segment_bytes = std::size_t{meta.payload_offset} + meta.payload_bytes - meta.l4_offset;
  const Bytes segment = part(frame, meta.l4_offset, segment_bytes);
  if (meta.kind == PacketKind::kUdp && field_u16(segment, 6) == 0) {
    return !meta.ipv6;  // IPv4 may leave it out (RFC 768); IPv6 may not (RFC 8200 section 8.1)
  }
  const Bytes addresses = meta.ipv6 ? part(packet, 8, 32) : part(packet, 12, 8);
  const std::uint64_t pseudo = pseudo_header_sum(addresses, meta.key.protocol, segment.size());
  return checksum_fold(checksum_add(pseudo, segment)) == 0xffff;
}

}  // namespace weir::dataplane
