// SPDX-License-Identifier: Apache-2.0
// Packets in packets for tests: a PacketBuilder for the outside, around the bytes of another one. The ends
// are always 192.0.2.1 and 198.51.100.2, or 2001:db8:1::1 and 2001:db8:2::2.
#pragma once

#include "dataplane/packet/packet_meta.h"
#include "tests/support/packet_builder.h"

namespace weir::test {

/// From the IP header on.
[[nodiscard]] inline Frame without_ethernet(const PacketBuilder& packet) {
  const Frame frame = packet.bytes();
  return {frame.begin() + 14, frame.end()};
}
[[nodiscard]] inline bool is_ipv6(const PacketBuilder& packet) { return packet.bytes()[12] == 0x86; }

[[nodiscard]] inline PacketBuilder outside(bool ipv6_outside) {
  return ipv6_outside ? ipv6("2001:db8:1::1", "2001:db8:2::2") : ipv4("192.0.2.1", "198.51.100.2");
}

/// A UDP packet with `header` and then `carried`.
[[nodiscard]] inline PacketBuilder carried_udp(std::uint16_t source, std::uint16_t destination, Frame header,
                                               const Frame& carried) {
  put(header, carried);
  return outside(false).udp(source, destination).payload(Bytes{header});
}

struct GreShape {
  bool checksum = false;
  std::optional<std::uint32_t> key = std::nullopt;
  std::optional<std::uint32_t> sequence = std::nullopt;
  bool ethernet = false;
  std::uint16_t flags = 0;  // further ones
  std::optional<std::uint16_t> protocol = std::nullopt;
};

[[nodiscard]] inline PacketBuilder gre(const PacketBuilder& inner, const GreShape& shape = {},
                                       bool ipv6_outside = false) {
  Frame out;
  put16(out, shape.flags | (shape.checksum ? 0x8000U : 0U) | (shape.key ? 0x2000U : 0U) |
                 (shape.sequence ? 0x1000U : 0U));
  put16(out, shape.protocol.value_or(shape.ethernet ? 0x6558 : is_ipv6(inner) ? 0x86dd : 0x0800));
  if (shape.checksum) put32(out, 0);
  if (shape.key) put32(out, *shape.key);
  if (shape.sequence) put32(out, *shape.sequence);
  put(out, shape.ethernet ? inner.bytes() : without_ethernet(inner));
  if (shape.checksum) set16(out, 4, plain_checksum(out));
  return outside(ipv6_outside).protocol(47).payload(Bytes{out});
}

[[nodiscard]] inline bool gre_checksum_holds(Bytes frame, const dataplane::PacketMeta& outer) {
  if (outer.key.protocol != 47 || (frame[outer.l4_offset] & 0x80U) == 0) return true;
  const std::size_t end = std::size_t{outer.l3_offset} + outer.l3_bytes;
  return plain_checksum(frame.subspan(outer.l4_offset, end - outer.l4_offset)) == 0;
}

[[nodiscard]] inline PacketBuilder ipip(const PacketBuilder& inner, bool ipv6_outside) {
  return outside(ipv6_outside).protocol(is_ipv6(inner) ? 41 : 4).payload(Bytes{without_ethernet(inner)});
}

[[nodiscard]] inline PacketBuilder vxlan(const PacketBuilder& inner, std::uint32_t vni,
                                         std::uint8_t flags = 8) {
  Frame header = {flags, 0, 0, 0};
  put32(header, std::size_t{vni} << 8U);
  return carried_udp(50'000, 4'789, header, inner.bytes());
}

[[nodiscard]] inline PacketBuilder geneve(const PacketBuilder& inner, std::uint32_t vni,
                                          std::uint8_t option_bytes, std::uint8_t version = 0) {
  Frame header = {static_cast<std::uint8_t>(version | (option_bytes / 4U)), 0, 0x65, 0x58};
  put32(header, std::size_t{vni} << 8U);
  header.resize(std::size_t{8} + option_bytes);
  return carried_udp(50'000, 6'081, header, inner.bytes());
}

/// `flags`: the first byte; with the extension bit set, `extensions` headers of four bytes each.
[[nodiscard]] inline PacketBuilder gtp(const PacketBuilder& inner, std::uint8_t flags, int extensions = 0,
                                       std::uint8_t type = 255) {
  const Frame packet = without_ethernet(inner);
  Frame optional;
  if ((flags & 7U) != 0) optional = {0, 1, 0, static_cast<std::uint8_t>(extensions > 0 ? 0x85 : 0)};
  for (int i = 0; i < extensions; ++i) {
    put(optional, Frame{1, 0, 9, static_cast<std::uint8_t>(i + 1 < extensions ? 0x85 : 0)});
  }
  Frame header = {flags, type};
  put16(header, optional.size() + packet.size());
  put32(header, 0x1122'3344);
  put(header, optional);
  return carried_udp(2'152, 2'152, header, packet);
}

/// `before`: a (authentication), o (origin), in this order.
[[nodiscard]] inline PacketBuilder teredo(const PacketBuilder& inner, std::string_view before) {
  Frame header;
  for (const char one : before) {
    if (one == 'a') put(header, Frame{0, 1, 2, 1, 'i', 'd', 'x', 1, 2, 3, 4, 5, 6, 7, 8, 0});
    if (one == 'o') put(header, Frame{0, 0, 0x12, 0x34, 0xff, 0xff, 0xff, 0xff});
  }
  return carried_udp(3'544, 40'000, header, without_ethernet(inner));
}

}  // namespace weir::test
