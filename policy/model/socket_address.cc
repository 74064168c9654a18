// SPDX-License-Identifier: Apache-2.0
#include "policy/model/socket_address.h"

#include <fmt/format.h>

#include <charconv>

namespace weir {

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  SocketAddress made;
  const auto [stopped, error] = std::from_chars(port.data(), port.data() + port.size(), made.port);
  if (error != std::errc{} || stopped != port.data() + port.size() || made.port == 0) return std::nullopt;
  const auto address = IpAddress::parse(host);
  if (!address || address->is_v4() == bracketed) return std::nullopt;
  made.address = *address;
  return made;
}

std::string SocketAddress::to_string() const {
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(), port);
}

}  // namespace weir
