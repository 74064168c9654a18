// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/tunnel.h"

#include "dataplane/packet/checksum.h"
#include "dataplane/packet/fields.h"

namespace weir::dataplane {
namespace {

using channel::TunnelType;

/// What a tunnel's header says: who it is, and where what it carries begins.
struct Carried {
  TunnelType type = TunnelType::kNone;  // kNone: the header does not fit
  std::uint32_t id = 0;
  std::uint16_t ethertype = 0;
  std::size_t bytes = 0;  // of the header
};

std::uint16_t ethertype_by_version(Bytes packet) noexcept {
  const unsigned version = field_u8(packet, 0) >> 4U;
  return version == 4 ? kEthertypeIpv4 : version == 6 ? kEthertypeIpv6 : std::uint16_t{0};
}

constexpr std::uint16_t kGreChecksum = 0x8000;
constexpr std::uint16_t kGreRouting = 0x4000;  // RFC 1701; RFC 2784 section 2.3 has receivers drop it
constexpr std::uint16_t kGreKey = 0x2000;
constexpr std::uint16_t kGreSequence = 0x1000;
constexpr std::uint16_t kGreVersion = 0x0007;
constexpr std::uint32_t kVirtualSubnetMin = 0x1000;  // RFC 7637 section 3.2: those below are reserved

/// RFC 2784 with RFC 2890; NVGRE (RFC 7637) is GRE with a key that holds a network and a flow number.
Carried read_gre(Bytes body) noexcept {
  const std::uint16_t flags = field_u16(body, 0);
  if (body.size() < 4 || (flags & (kGreRouting | kGreVersion)) != 0) return {};
  Carried gre{TunnelType::kGre, 0, field_u16(body, 2), 4};
  if ((flags & kGreChecksum) != 0) gre.bytes += 4;
  if ((flags & kGreKey) != 0) {
    gre.id = field_u32(body, gre.bytes);
    gre.bytes += 4;
  }
  if ((flags & kGreSequence) != 0) gre.bytes += 4;
  // The flow number of NVGRE differs between the directions: no part of who the tunnel is.
  if (gre.ethertype == kEthertypeBridged && gre.id >> 8U >= kVirtualSubnetMin) gre.id >>= 8U;
  return gre;
}

Carried read_vxlan(Bytes body) noexcept {
  constexpr std::uint8_t kHasNetwork = 0x08;  // RFC 7348 section 5; the other bits are not to be looked at
  if (body.size() < 8 || (field_u8(body, 0) & kHasNetwork) == 0) return {};
  return {TunnelType::kVxlan, field_u32(body, 4) >> 8U, kEthertypeBridged, 8};
}

Carried read_geneve(Bytes body) noexcept {
  if (body.size() < 8 || field_u8(body, 0) >> 6U != 0) return {};
  const std::size_t options = std::size_t{field_u8(body, 0)} % 64 * 4;
  return {TunnelType::kGeneve, field_u32(body, 4) >> 8U, field_u16(body, 2), 8 + options};
}

/// A user's packet (G-PDU). Tunnel endpoint ids differ between the directions: no part of who it is.
Carried read_gtp(Bytes body) noexcept {
  constexpr std::uint8_t kVersionMask = 0xf0;
  constexpr std::uint8_t kVersion1 = 0x30;  // and the protocol type bit: GTP, not GTP'
  constexpr std::uint8_t kAnyOptional = 0x07;
  constexpr std::uint8_t kHasExtension = 0x04;
  constexpr std::uint8_t kUserPacket = 255;
  const std::uint8_t flags = field_u8(body, 0);
  if (body.size() < 8 || (flags & kVersionMask) != kVersion1 || field_u8(body, 1) != kUserPacket) return {};
  if (std::size_t{8} + field_u16(body, 2) > body.size()) return {};
  std::size_t at = 8;
  if ((flags & kAnyOptional) != 0) {
    at += 4;
    std::uint8_t next = (flags & kHasExtension) != 0 ? field_u8(body, at - 1) : std::uint8_t{0};
    for (int headers = 0; next != 0; ++headers) {
      const std::size_t length = std::size_t{field_u8(body, at)} * 4;
      if (headers == kGtpExtensionsMax || length == 0) return {};
      at += length;
      next = field_u8(body, at - 1);
    }
  }
  return {TunnelType::kGtpU, 0, ethertype_by_version(part(body, at)), at};
}

/// IPv6 between Teredo or link-local addresses, with the indications that servers put before it.
Carried read_teredo(Bytes body) noexcept {
  constexpr std::uint16_t kAuthentication = 0x0001;  // RFC 4380 section 5.1.1
  constexpr std::uint16_t kOrigin = 0x0000;
  constexpr std::uint32_t kTeredoPrefix = 0x2001'0000U;
  std::size_t at = 0;
  if (body.size() >= 4 && field_u16(body, 0) == kAuthentication) {
    at = std::size_t{13} + field_u8(body, 2) + field_u8(body, 3);
  }
  if (body.size() >= at + 8 && field_u16(body, at) == kOrigin) at += 8;
  const Bytes packet = part(body, at);
  if (packet.size() < kIpv6Bytes || ethertype_by_version(packet) != kEthertypeIpv6) return {};
  const bool teredo = field_u32(packet, 8) == kTeredoPrefix || field_u32(packet, 24) == kTeredoPrefix;
  const bool local = field_u16(packet, 8) >> 6U == 0xfe80U >> 6U;
  if (!teredo && !local) return {};
  return {TunnelType::kTeredo, 0, kEthertypeIpv6, at};
}

Carried read_header(Bytes body, const PacketMeta& outer) noexcept {
  if (outer.kind == PacketKind::kIp) {
    switch (outer.key.protocol) {
      case kProtocolGre:
        return read_gre(body);
      case kProtocolIpv4:
        return {TunnelType::kIpip, 0, kEthertypeIpv4, 0};
      case kProtocolIpv6:
        return {TunnelType::kIpip, 0, kEthertypeIpv6, 0};
      default:
        return {};
    }
  }
  const std::uint16_t from = outer.source_is_low ? outer.key.low_port : outer.key.high_port;
  const std::uint16_t to = outer.source_is_low ? outer.key.high_port : outer.key.low_port;
  // A sender of the first three takes any port as its own; Teredo answers from where it was asked.
  if (to == kPortVxlan) return read_vxlan(body);
  if (to == kPortGeneve) return read_geneve(body);
  if (to == kPortGtpU) return read_gtp(body);
  if (to == kPortTeredo || from == kPortTeredo) return read_teredo(body);
  return {};
}

/// Damage that no receiver lets pass, whatever it is.
bool is_harmless(DropReason reason) noexcept {
  return reason == DropReason::kRunt || reason == DropReason::kIpTruncated ||
         reason == DropReason::kIpHeader || reason == DropReason::kIpChecksum ||
         reason == DropReason::kL4Truncated;
}

DropReason parse_inside(Bytes frame, std::size_t at, const Carried& carried, const ParseOptions& options,
                        Inside& inside, bool& found) noexcept {
  Link link;
  DropReason reason = DropReason::kNone;
  if (carried.ethertype == kEthertypeBridged) {
    inside.link = at;
    reason = walk_link(frame, at, link);
  } else {
    reason = walk_payload(frame, at, carried.ethertype, link);
  }
  if (reason != DropReason::kNone || !link.holds_ip()) return reason;
  inside.vlan = link.vlan;
  inside.meta.ethertype = link.ethertype;
  inside.meta.ipv6 = link.ethertype == kEthertypeIpv6;
  inside.meta.l3_offset = static_cast<std::uint16_t>(link.l3);
  reason = parse_ip(frame.first(link.end), options, inside.meta);
  found = reason == DropReason::kNone;
  return reason;
}

/// RFC 2784 section 2.5: of the GRE header and all behind it.
bool gre_checksum_holds(Bytes frame, const PacketMeta& meta) noexcept {
  if (meta.kind != PacketKind::kIp || meta.key.protocol != kProtocolGre) return true;
  const Bytes body = part(frame, meta.payload_offset, meta.payload_bytes);
  return (field_u16(body, 0) & kGreChecksum) == 0 || checksum_fold(checksum_add(0, body)) == 0xffff;
}

}  // namespace

Found look_inside(Bytes frame, const PacketMeta& outer, const ParseOptions& options, Inside& inside,
                  DropReason& reason) noexcept {
  const Bytes until_end = part(frame, 0, std::size_t{outer.payload_offset} + outer.payload_bytes);
  const Carried carried = read_header(part(until_end, outer.payload_offset), outer);
  const std::size_t at = outer.payload_offset + carried.bytes;
  if (carried.type == TunnelType::kNone || at >= until_end.size()) return Found::kNothing;
  inside = {};
  bool found = false;
  reason = parse_inside(until_end, at, carried, options, inside, found);
  if (!found) {
    return reason == DropReason::kNone || is_harmless(reason) ? Found::kNothing : Found::kEvasion;
  }
  inside.meta.outer_l3_offset = outer.outer_l3_offset != 0 ? outer.outer_l3_offset : outer.l3_offset;
  inside.header = outer.payload_offset;
  inside.tunnel.low_address = outer.key.low_address;
  inside.tunnel.high_address = outer.key.high_address;
  inside.tunnel.id = carried.id;
  inside.tunnel.type = carried.type;
  return Found::kPacket;
}

bool carrier_checksums_hold(Bytes frame, const PacketMeta& inside) noexcept {
  const ParseOptions trusting{.verify_ip_checksum = false, .verify_l4_checksum = false};
  PacketMeta carrier;
  if (parse_any_frame(frame, trusting, carrier) != DropReason::kNone) return false;
  for (int depth = 0; depth < kTunnelDepthMax; ++depth) {
    if (!l4_checksum_holds(frame, carrier) || !gre_checksum_holds(frame, carrier)) return false;
    Inside next;
    DropReason ignored{};
    if (look_inside(frame, carrier, trusting, next, ignored) != Found::kPacket) return false;
    if (next.meta.l3_offset == inside.l3_offset) return true;
    carrier = next.meta;
  }
  return false;
}

}  // namespace weir::dataplane
