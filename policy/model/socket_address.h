// SPDX-License-Identifier: Apache-2.0
// An address and a port, as people write it: "10.0.0.1:6379" or "[fd00::1]:6379". No names: whoever connects
// by this needs no resolver.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/model/ip_address.h"

namespace weir {

struct SocketAddress {
  IpAddress address;
  std::uint16_t port = 0;

  /// nullopt: no numeric address, or no port of 1 to 65535.
  [[nodiscard]] static std::optional<SocketAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const SocketAddress&) const = default;
};

}  // namespace weir
