// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/ethernet.h"

#include <array>

#include "dataplane/packet/fields.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kMplsLabelBytes = 4;
constexpr std::uint32_t kMplsBottom = 0x100;  // the S bit (RFC 3032 section 2.1)
constexpr std::uint16_t kPppIpv4 = 0x0021;
constexpr std::uint16_t kPppIpv6 = 0x0057;
// RFC 1042: DSAP and SSAP of SNAP, unnumbered information, OUI 000000; the ethertype follows.
constexpr std::uint32_t kSnapStart = 0xaaaa'0300U;
constexpr std::size_t kSnapBytes = 8;

/// The stack does not say what it carries; the first nibble behind it does (RFC 4928 section 2).
DropReason walk_mpls(Bytes frame, std::size_t at, Link& link) noexcept {
  for (int labels = 0;; ++labels, at += kMplsLabelBytes) {
    if (labels == kMplsLabelsMax) return DropReason::kMplsDepth;
    if (frame.size() < at + kMplsLabelBytes) return DropReason::kRunt;
    if ((field_u32(frame, at) & kMplsBottom) != 0) break;
  }
  const std::size_t l3 = at + kMplsLabelBytes;
  const unsigned version = field_u8(frame, l3) >> 4U;
  if (version != 4 && version != 6) return DropReason::kNone;
  link.kind = LinkKind::kMpls;
  link.ethertype = version == 4 ? kEthertypeIpv4 : kEthertypeIpv6;
  link.l3 = l3;
  return DropReason::kNone;
}

/// Anything but IP, and what does not fit its own length, stays what the ethertype says: bridged.
void walk_pppoe(Bytes frame, std::size_t at, Link& link) noexcept {
  const std::size_t length = field_u16(frame, at + 4);
  const Bytes ppp = part(frame, at + kPppoeBytes, length);
  if (length < 2 || ppp.size() != length) return;
  // An odd first byte is a compressed protocol field (RFC 1661 section 6.5), which receivers understand
  // whether or not they agreed on it.
  const bool compressed = (field_u8(ppp, 0) & 1U) != 0;
  const std::uint16_t protocol = compressed ? field_u8(ppp, 0) : field_u16(ppp, 0);
  if (protocol != kPppIpv4 && protocol != kPppIpv6) return;
  link.kind = LinkKind::kPppoe;
  link.ethertype = protocol == kPppIpv4 ? kEthertypeIpv4 : kEthertypeIpv6;
  link.l3 = at + kPppoeBytes + (compressed ? 1 : 2);
  link.end = at + kPppoeBytes + length;
}

void walk_snap(Bytes frame, std::size_t at, Link& link) noexcept {
  const std::size_t length = link.ethertype;
  const Bytes llc = part(frame, at, length);
  if (length < kSnapBytes || llc.size() != length) return;
  if (field_u32(llc, 0) != kSnapStart || field_u16(llc, 4) != 0) return;
  if (field_u16(llc, 6) < kEthertypeMin) return;
  link.kind = LinkKind::kSnap;
  link.ethertype = field_u16(llc, 6);
  link.l3 = at + kSnapBytes;
  link.end = at + length;
}

}  // namespace

DropReason walk_link(Bytes frame, std::size_t from, Link& link) noexcept {
  if (frame.size() < from + kEthernetBytes) return DropReason::kRunt;
  return walk_payload(frame, from + kEthernetBytes, field_u16(frame, from + kEthernetBytes - 2), link);
}

DropReason walk_payload(Bytes frame, std::size_t at, std::uint16_t ethertype, Link& link) noexcept {
  std::array<std::uint16_t, kVlanTagsMax> ids{};
  for (int tags = 0; is_tag(ethertype); ++tags) {
    if (tags == kVlanTagsMax) return DropReason::kVlanDepth;
    if (frame.size() < at + kVlanTagBytes) return DropReason::kRunt;
    ids[static_cast<std::size_t>(tags)] = field_u16(frame, at) & 0x0fffU;
    ethertype = field_u16(frame, at + 2);
    at += kVlanTagBytes;
  }
  link.vlan = ids[0];
  link.inner_vlans = inner_vlans_of(ids[1], ids[2]);
  link.ethertype = ethertype;
  link.l3 = at;
  link.header = at;
  link.end = frame.size();
  if (ethertype == kEthertypeMpls || ethertype == kEthertypeMplsUpstream) return walk_mpls(frame, at, link);
  if (ethertype == kEthertypePppoe) walk_pppoe(frame, at, link);
  if (ethertype < kEthertypeMin) walk_snap(frame, at, link);
  return DropReason::kNone;
}

void set_link_length(std::span<std::uint8_t> copy, std::size_t from, std::size_t end) noexcept {
  std::size_t at = from + kEthernetBytes;
  for (int tags = 0; tags < kVlanTagsMax && is_tag(field_u16(copy, at - 2)); ++tags) at += kVlanTagBytes;
  const std::uint16_t ethertype = field_u16(copy, at - 2);
  if (ethertype == kEthertypePppoe) set_u16(copy, at + 4, static_cast<std::uint16_t>(end - at - kPppoeBytes));
  if (ethertype < kEthertypeMin) set_u16(copy, at - 2, static_cast<std::uint16_t>(end - at));
}

}  // namespace weir::dataplane
