// SPDX-License-Identifier: Apache-2.0
// Who the inside end of a flow is, as far as what it and its servers said tells. Part of FlowFacts.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace weir {

/// In the order in which they win: the first that is known and not too old is the client's host name.
enum class HostNameSource : std::uint8_t {
  kNone,
  kDhcp,      // option 12 or 81 (RFC 2132, RFC 4702); DHCPv6 option 39 (RFC 4704)
  kMdns,      // an address record for itself (RFC 6762)
  kNetbios,   // a name that it registers (RFC 1002)
  kLlmnr,     // an address record for itself (RFC 4795)
  kKerberos,  // a machine's principal, "pc7$"
};
inline constexpr std::size_t kHostNameSources = 6;
[[nodiscard]] const char* to_string(HostNameSource source);

/// In the order in which they win.
enum class UserSource : std::uint8_t {
  kNone,
  kRadius,           // accounting that its server acknowledged (RFC 2866)
  kKerberos,         // a ticket that was granted (RFC 4120)
  kKerberosRequest,  // a ticket that was asked for: anybody can ask
};
inline constexpr std::size_t kUserSources = 4;
[[nodiscard]] const char* to_string(UserSource source);

/// A server of the user's network vouched for it.
[[nodiscard]] constexpr bool is_vouched_for(UserSource source) {
  return source == UserSource::kRadius || source == UserSource::kKerberos;
}

struct ClientFacts {
  std::string host_name{};
  HostNameSource host_name_source = HostNameSource::kNone;
  std::string user{};  // with its realm where one was said: "anna@EXAMPLE.COM"
  UserSource user_source = UserSource::kNone;
  bool behind_router = false;  // its hardware address is shared: the address names the client
  auto operator<=>(const ClientFacts&) const = default;
};

}  // namespace weir
