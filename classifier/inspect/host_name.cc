// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/host_name.h"

#include "classifier/inspect/text.h"
#include "policy/categories/canonical_name.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

namespace {

/// A name as canonical_name reads it, a colon and a port.
constexpr std::size_t kAuthorityBytesMax = 1'024 + 6;

bool is_port(std::string_view text) {
  return text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> canonical_host(std::string_view authority) {
  authority = trim(authority);
  if (authority.empty()) return std::string{};
  if (authority.size() > kAuthorityBytesMax) return std::nullopt;
  if (authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view after = authority.substr(close + 1);
    if (!after.empty() && (after.front() != ':' || !is_port(after.substr(1)))) return std::nullopt;
    const auto address = IpAddress::parse(authority.substr(1, close - 1));
    return address ? std::optional(address->to_string()) : std::nullopt;
  }
  const std::size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos) {
    if (!is_port(authority.substr(colon + 1))) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  if (authority.empty()) return std::string{};
  if (const auto address = IpAddress::parse(authority)) return address->to_string();
  return policy::canonical_name(authority, policy::kDomainBytesMax);
}

}  // namespace weir::classifier
