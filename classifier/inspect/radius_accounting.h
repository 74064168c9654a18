// SPDX-License-Identifier: Apache-2.0
// RADIUS accounting (RFC 2866) over UDP: which user has which address or hardware address. A request is
// believed when its server acknowledges it: a server does so only for who knows its secret.
#pragma once

#include <optional>

#include "classifier/inspect/identity_claim.h"
#include "dataplane/channel/messages.h"
#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// Requests of one flow that wait for their acknowledgement; of more the oldest is forgotten.
inline constexpr std::size_t kRadiusUnansweredMax = 32;
inline constexpr std::size_t kRadiusUserBytesMax = 253;  // RFC 2865 section 5.1

/// Code 4 or 5, and the length is that of the datagram at most.
[[nodiscard]] bool looks_like_radius_accounting(Bytes datagram);

class RadiusAccounting {
 public:
  void read(channel::Direction from, Bytes datagram, IdentityClaims& claims);

 private:
  struct Waiting {
    channel::Direction from{};
    std::uint8_t id = 0;
    IdentityClaim claim;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace weir::classifier
