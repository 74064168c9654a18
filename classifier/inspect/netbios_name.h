// SPDX-License-Identifier: Apache-2.0
// NetBIOS name service (RFC 1002 section 4.2) over UDP: the names that a host registers or refreshes for
// itself. Queries and answers are left alone.
#pragma once

#include "classifier/inspect/identity_claim.h"
#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// A registration or a refresh of a name.
[[nodiscard]] bool looks_like_netbios_registration(Bytes datagram);
/// A unique name of a workstation or a server becomes a claim of the sender.
void read_netbios(Bytes datagram, IdentityClaims& claims);

}  // namespace weir::classifier
