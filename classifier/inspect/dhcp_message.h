// SPDX-License-Identifier: Apache-2.0
// One DHCP message (RFC 2131) or DHCPv6 message (RFC 8415): what a client says of itself, and the address
// that a server gave it. Relayed DHCPv6 is left alone.
#pragma once

#include "classifier/inspect/identity_claim.h"
#include "policy/model/byte_reader.h"
#include "policy/model/dhcp_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kDhcpOptionsMax = 255;    // of one message
inline constexpr std::size_t kDhcpRequestedMax = 64;   // option codes of a fingerprint
inline constexpr std::size_t kDhcpTextBytesMax = 255;  // of a host name or a vendor class

[[nodiscard]] bool looks_like_dhcp(Bytes datagram);
/// Fills `facts` from a client's message, and says what it claims. Nothing from what is no DHCP.
void read_dhcp(Bytes datagram, DhcpFacts& facts, IdentityClaims& claims);

[[nodiscard]] bool looks_like_dhcpv6(Bytes datagram);
void read_dhcpv6(Bytes datagram, DhcpFacts& facts, IdentityClaims& claims);

}  // namespace weir::classifier
