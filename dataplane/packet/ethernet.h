// SPDX-License-Identifier: Apache-2.0
// What stands between the start of an Ethernet frame and its IP header, walked over: VLAN tags, then at most
// one of an MPLS label stack, a PPPoE session header and an LLC/SNAP header. It judges nothing above that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/packet/drop_reason.h"
#include "policy/model/byte_reader.h"

namespace weir::dataplane {

inline constexpr std::size_t kMacBytes = 6;
inline constexpr std::size_t kEthernetBytes = 14;
inline constexpr std::size_t kVlanTagBytes = 4;
inline constexpr std::size_t kPppoeBytes = 6;  // RFC 2516 section 4, before the PPP protocol
inline constexpr int kVlanTagsMax = 3;
inline constexpr int kMplsLabelsMax = 8;

inline constexpr std::uint16_t kEthertypeMin = 0x0600;  // below: a length, and an LLC header follows (802.3)
inline constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEthertypeArp = 0x0806;
inline constexpr std::uint16_t kEthertypeBridged = 0x6558;  // a whole Ethernet frame (RFC 1701, RFC 7637)
inline constexpr std::uint16_t kEthertypeVlan = 0x8100;     // IEEE 802.1Q
inline constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;
inline constexpr std::uint16_t kEthertypeMpls = 0x8847;
inline constexpr std::uint16_t kEthertypeMplsUpstream = 0x8848;  // RFC 5332
inline constexpr std::uint16_t kEthertypePppoe = 0x8864;         // session stage
inline constexpr std::uint16_t kEthertypeProvider = 0x88a8;      // IEEE 802.1ad
inline constexpr std::uint16_t kEthertypeOldQinq = 0x9100;       // before IEEE 802.1ad

[[nodiscard]] inline bool is_tag(std::uint16_t ethertype) noexcept {
  return ethertype == kEthertypeVlan || ethertype == kEthertypeProvider || ethertype == kEthertypeOldQinq;
}
/// Ethertypes behind which IP may be found.
[[nodiscard]] inline bool is_walked(std::uint16_t ethertype) noexcept {
  switch (ethertype) {
    case kEthertypeIpv4:
    case kEthertypeIpv6:
    case kEthertypeMpls:
    case kEthertypeMplsUpstream:
    case kEthertypePppoe:
      return true;
    default:
      return ethertype < kEthertypeMin || is_tag(ethertype);
  }
}

/// The ids of a frame's second and third tag in one number; 0: it has none.
[[nodiscard]] constexpr std::uint32_t inner_vlans_of(std::uint16_t second, std::uint16_t third) noexcept {
  return std::uint32_t{second} << 12U | third;
}

/// How the bytes after the tags say what they carry.
enum class LinkKind : std::uint8_t { kPlain, kMpls, kPppoe, kSnap };

struct Link {
  std::size_t header = 0;       // after the tags: the MPLS stack, the PPPoE header, the LLC header
  std::size_t l3 = 0;           // where what `ethertype` names begins
  std::size_t end = 0;          // where it may end at the latest: PPPoE and 802.3 have a length of their own
  std::uint16_t ethertype = 0;  // IPv4 or IPv6 where that was found; else the frame's own, < 0x0600: LLC
  std::uint16_t vlan = 0;       // id of the outer tag; 0: none
  std::uint32_t inner_vlans = 0;  // inner_vlans_of the tags behind it
  LinkKind kind = LinkKind::kPlain;
  [[nodiscard]] bool holds_ip() const noexcept {
    return ethertype == kEthertypeIpv4 || ethertype == kEthertypeIpv6;
  }
};

/// Walks the frame that begins at `from`. kRunt, kVlanDepth or kMplsDepth where that cannot be done.
[[nodiscard]] DropReason walk_link(Bytes frame, std::size_t from, Link& link) noexcept;

/// The same from where the bytes of `ethertype` begin: behind a tunnel's header, for one.
[[nodiscard]] DropReason walk_payload(Bytes frame, std::size_t at, std::uint16_t ethertype,
                                      Link& link) noexcept;

/// Rewrites the length that PPPoE and 802.3 headers have, in a copy of a frame that was looked through to its
/// IP packet and begins at `from`; its content ends at `end`.
void set_link_length(std::span<std::uint8_t> copy, std::size_t from, std::size_t end) noexcept;

}  // namespace weir::dataplane
