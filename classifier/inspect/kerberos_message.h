// SPDX-License-Identifier: Apache-2.0
// One Kerberos message (RFC 4120): who asks for a ticket (AS-REQ), who was granted one (AS-REP, TGS-REP). DER
// is walked along the one path to the name, without recursion; everything encrypted is left alone. A message
// may be cut: the names stand before what is long.
#pragma once

#include "classifier/inspect/identity_claim.h"
#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::size_t kKerberosNameBytesMax = 255;  // of a principal with its realm
inline constexpr std::size_t kKerberosComponentsMax = 4;   // of a principal: "http/www.example.com"
inline constexpr std::size_t kDerElementsMax = 64;         // passed over on the way, in one message

/// A message of those types that have a meaning here, or a request for a service ticket or an error.
[[nodiscard]] bool looks_like_kerberos(Bytes message);
void read_kerberos(Bytes message, IdentityClaims& claims);

}  // namespace weir::classifier
