// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <cstring>

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/ends.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/fields.h"
#include "dataplane/packet/ip.h"
#include "dataplane/packet/packet_meta.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kTcpBytesMin = 20;
constexpr std::size_t kPacketBytesLimit = 65'535;

/// Big-endian, of bytes whose length was looked at already.
std::uint16_t load_u16(const std::uint8_t* at) noexcept {
  std::uint16_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return network_order(value);
}
std::uint32_t load_u32(const std::uint8_t* at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof(value));
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

constexpr PacketMeta kFresh{};  // copied from memory, not put together byte by byte

/// The whole packet's length by its own header; 0: something is unusual.
std::size_t plain_ipv4(const std::uint8_t* ip, std::size_t room, const ParseOptions& options) noexcept {
  const std::size_t total = load_u16(ip + 2);
  if (ip[0] != 0x45 || total < kIpv4BytesMin || total > room || (load_u16(ip + 6) & 0x3fffU) != 0) return 0;
  if (!options.verify_ip_checksum) return total;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::uint32_t last = 0;
  std::memcpy(&first, ip, sizeof(first));
  std::memcpy(&second, ip + 8, sizeof(second));
  std::memcpy(&last, ip + 16, sizeof(last));
  const std::uint64_t sum =
      (first & 0xffff'ffffU) + (first >> 32U) + (second & 0xffff'ffffU) + (second >> 32U) + last;
  return checksum_fold(sum) == 0xffff ? total : 0;
}

std::size_t plain_ipv6(const std::uint8_t* ip, std::size_t room) noexcept {
  if (room < kIpv6Bytes) return 0;
  const std::size_t total = kIpv6Bytes + load_u16(ip + 4);
  return ip[0] >> 4U == 6 && total <= room && total <= kPacketBytesLimit ? total : 0;
}

/// The header's length; 0: something is unusual.
std::size_t plain_tcp(const std::uint8_t* l4, std::size_t bytes) noexcept {
  if (bytes < kTcpBytesMin) return 0;
  const std::size_t header = std::size_t{l4[12]} / 16 * 4;
  return header <= bytes && header >= kTcpBytesMin && tcp_flags_make_sense(l4[13]) ? header : 0;
}

/// The datagram's length by its own header; 0: something is unusual.
std::size_t plain_udp(const std::uint8_t* l4, std::size_t bytes) noexcept {
  if (bytes < kUdpBytes) return 0;
  const std::size_t length = load_u16(l4 + 4);
  return length <= bytes && length >= kUdpBytes ? length : 0;
}

void set_tcp(PacketMeta& meta, const std::uint8_t* l4, std::size_t header, std::size_t bytes) noexcept {
  meta.kind = PacketKind::kTcp;
  meta.tcp_flags = l4[13];
  meta.tcp_sequence = load_u32(l4 + 4);
  meta.tcp_acknowledgement = load_u32(l4 + 8);
  meta.tcp_window = load_u16(l4 + 14);
  meta.payload_offset = static_cast<std::uint16_t>(meta.l4_offset + header);
  meta.payload_bytes = static_cast<std::uint16_t>(bytes - header);
}

void set_udp(PacketMeta& meta, std::size_t length) noexcept {
  meta.kind = PacketKind::kUdp;
  meta.tcp_flags = 0;
  meta.tcp_sequence = meta.tcp_acknowledgement = 0;
  meta.tcp_window = 0;
  meta.payload_offset = static_cast<std::uint16_t>(meta.l4_offset + kUdpBytes);
  meta.payload_bytes = static_cast<std::uint16_t>(length - kUdpBytes);
}

/// The short way from the IP header at `l3` on, which is followed by at least the smallest L4 header.
template <bool kIpv6>
bool parse_plain_ip(Bytes frame, std::size_t l3, std::uint16_t vlan, const ParseOptions& options,
                    PacketMeta& meta) noexcept {
  constexpr std::size_t kHeader = kIpv6 ? kIpv6Bytes : kIpv4BytesMin;
  constexpr std::size_t kAddress = kIpv6 ? 16 : 4;
  const std::uint8_t* const ip = frame.data() + l3;
  const std::size_t room = frame.size() - l3;
  const std::size_t total = kIpv6 ? plain_ipv6(ip, room) : plain_ipv4(ip, room, options);
  if (total == 0) return false;
  const std::uint8_t protocol = ip[kIpv6 ? 6 : 9];
  const bool tcp = protocol == kProtocolTcp;
  if (!tcp && protocol != kProtocolUdp) return false;
  const std::uint8_t* const l4 = ip + kHeader;
  const std::size_t l4_bytes = total - kHeader;
  const std::size_t length = tcp ? plain_tcp(l4, l4_bytes) : plain_udp(l4, l4_bytes);
  if (length == 0) return false;

  // Every member is written, so that none has to be cleared before; the fuzzer compares with a fresh one.
  meta.ipv6 = kIpv6;
  meta.outer_l3_offset = 0;
  meta.ethertype = kIpv6 ? kEthertypeIpv6 : kEthertypeIpv4;
  meta.l3_offset = static_cast<std::uint16_t>(l3);
  meta.l4_offset = static_cast<std::uint16_t>(l3 + kHeader);
  meta.l3_bytes = static_cast<std::uint16_t>(total);
  if (tcp) {
    set_tcp(meta, l4, length, l4_bytes);
  } else {
    set_udp(meta, length);
  }
  meta.key.vlan = vlan;
  meta.key.protocol = protocol;
  meta.key.pair = options.pair;
  const std::uint8_t* const addresses = ip + kHeader - 2 * kAddress;  // they end both headers
  set_ends(meta, mapped_address({addresses, kAddress}), mapped_address({addresses + kAddress, kAddress}),
           load_u16(l4), load_u16(l4 + 2));
  meta.hash = hash_key(meta.key, options.hash_seed);
  return true;
}

/// The short way: no tag or one, no IP option or extension header, no fragment, TCP or UDP, nothing wrong.
/// False, and nothing written, for everything else. Gives what the general way gives, which the fuzzer holds
/// it to; it only looks at each length once.
bool parse_plain(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  constexpr std::size_t kLeast = kEthernetBytes + kVlanTagBytes + kIpv4BytesMin + kUdpBytes;
  if (frame.size() < kLeast) return false;
  std::size_t l3 = kEthernetBytes;
  std::uint16_t ethertype = load_u16(frame.data() + 12);
  std::uint16_t vlan = 0;
  if (ethertype == kEthertypeVlan) {
    vlan = load_u16(frame.data() + l3) & 0x0fffU;
    ethertype = load_u16(frame.data() + l3 + 2);
    l3 += kVlanTagBytes;
  }
  if (ethertype == kEthertypeIpv4) return parse_plain_ip<false>(frame, l3, vlan, options, meta);
  return ethertype == kEthertypeIpv6 && parse_plain_ip<true>(frame, l3, vlan, options, meta);
}

/// The short way for what carries no IP and no header that could be followed by IP.
bool parse_foreign(Bytes frame, PacketMeta& meta) noexcept {
  const std::uint16_t ethertype = field_u16(frame, 12);
  if (frame.size() < kEthernetBytes || is_walked(ethertype)) return false;
  meta.kind = PacketKind::kOther;  // the key and what else belongs to IP is not looked at
  meta.ethertype = ethertype;
  meta.l3_offset = kEthernetBytes;
  meta.l4_offset = meta.payload_offset = meta.payload_bytes = meta.l3_bytes = 0;
  return true;
}

}  // namespace

std::uint32_t hash_of(const FlowKey& key, std::uint32_t seed) noexcept { return hash_key(key, seed); }

DropReason parse_frame(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  if (!parse_plain(frame, options, meta)) {
    return parse_foreign(frame, meta) ? DropReason::kNone : parse_any_frame(frame, options, meta);
  }
  return options.verify_l4_checksum && !l4_checksum_holds(frame, meta) ? DropReason::kL4Checksum
                                                                       : DropReason::kNone;
}

DropReason parse_any_frame(Bytes frame, const ParseOptions& options, PacketMeta& meta) noexcept {
  meta = kFresh;
  Link link;
  DropReason reason = walk_link(frame, 0, link);
  if (reason != DropReason::kNone) return reason;
  meta.key.vlan = link.inner_vlans == 0 ? link.vlan : static_cast<std::uint16_t>(link.vlan | kMoreTags);
  meta.ethertype = link.ethertype;
  meta.l3_offset = static_cast<std::uint16_t>(link.l3);
  if (!link.holds_ip()) return DropReason::kNone;

  meta.ipv6 = meta.ethertype == kEthertypeIpv6;
  reason = parse_ip(frame.first(link.end), options, meta);
  if (reason != DropReason::kNone) return reason;
  meta.hash = hash_of(meta.key, options.hash_seed);
  return options.verify_l4_checksum && !l4_checksum_holds(frame, meta) ? DropReason::kL4Checksum
                                                                       : DropReason::kNone;
}

}  // namespace weir::dataplane
