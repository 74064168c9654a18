// SPDX-License-Identifier: Apache-2.0
// What an ICMP error says of the packet that it quotes, the same words for IPv4 and IPv6.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

enum class IcmpError : std::uint8_t {
  kNone,
  kNetworkUnreachable,
  kHostUnreachable,
  kPortUnreachable,
  kProhibited,    // by a filter or an administrator
  kTooBig,        // does not fit the way on, and must not be broken up
  kTimeExceeded,  // its hops are used up, or a fragment did not come
  kOther,
};

[[nodiscard]] constexpr std::string_view to_string(IcmpError error) {
  constexpr std::array<std::string_view, 8> kNames = {"",
                                                      "network-unreachable",
                                                      "host-unreachable",
                                                      "port-unreachable",
                                                      "prohibited",
                                                      "too-big",
                                                      "time-exceeded",
                                                      "other"};
  const auto at = static_cast<std::size_t>(error);
  return at < kNames.size() ? kNames[at] : "";
}

/// Of a message's type and code (RFC 792, RFC 1812 section 5.2.7; IPv6: RFC 4443). kNone: it is no error.
[[nodiscard]] constexpr IcmpError to_icmp_error(bool ipv6, std::uint8_t type, std::uint8_t code) {
  using enum IcmpError;
  if (ipv6) {
    constexpr std::array kUnreachable = {kNetworkUnreachable, kProhibited,      kNetworkUnreachable,
                                         kHostUnreachable,    kPortUnreachable, kProhibited,
                                         kProhibited};
    if (type == 1) return code < kUnreachable.size() ? kUnreachable[code] : kOther;
    if (type == 2) return kTooBig;
    if (type == 3) return kTimeExceeded;
    return type != 0 && type < 128 ? kOther : kNone;
  }
  constexpr std::array kUnreachable = {kNetworkUnreachable, kHostUnreachable, kOther,
                                       kPortUnreachable,    kTooBig,          kOther,
                                       kNetworkUnreachable, kHostUnreachable, kNetworkUnreachable,
                                       kProhibited,         kProhibited,      kNetworkUnreachable,
                                       kHostUnreachable,    kProhibited,      kProhibited,
                                       kProhibited};
  if (type == 3) return code < kUnreachable.size() ? kUnreachable[code] : kOther;
  if (type == 11) return kTimeExceeded;
  return type == 4 || type == 5 || type == 12 ? kOther : kNone;  // quench, redirect, parameter problem
}

}  // namespace weir
