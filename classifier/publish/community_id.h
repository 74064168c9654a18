// SPDX-License-Identifier: Apache-2.0
// Community ID v1 (github.com/corelight/community-id-spec): one name of a flow that other sensors compute
// too.
#pragma once

#include <cstdint>
#include <string>

#include "policy/model/ip_address.h"

namespace weir::classifier {

/// "1:" and the base64 of SHA-1 over the ordered 5-tuple. For ICMP the two ports hold type and code of the
/// initiator's packet, as the specification's "ports"; other protocols have none.
[[nodiscard]] std::string community_id(const FiveTuple& tuple, std::uint16_t seed = 0);

}  // namespace weir::classifier
