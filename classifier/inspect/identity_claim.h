// SPDX-License-Identifier: Apache-2.0
// What a message says about a client: a host name, a user, an address. Whether it is believed, for how long,
// and which of several wins is classifier/identity's to say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/client_facts.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

/// Claims of one packet; more are not kept.
inline constexpr std::size_t kClaimsMax = 32;

struct IdentityClaim {
  enum class About : std::uint8_t {
    kSender,    // whoever sent it says it of itself
    kReceiver,  // the other end says it of who gets it
    kNamed,     // `mac` or `address` say of whom
  };
  About about = About::kSender;
  HostNameSource host_source = HostNameSource::kNone;
  UserSource user_source = UserSource::kNone;
  std::string host_name{};  // printable, bounded by its parser; empty: none is said
  std::string user{};
  bool ended = false;    // the user has left
  bool relayed = false;  // the sender passes on what others said: its hardware address is a router's
  MacAddress mac{};      // all zero: not said
  IpAddress address{};   // of the client; all zero: not said
};

using IdentityClaims = std::vector<IdentityClaim>;

}  // namespace weir::classifier
