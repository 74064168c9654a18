// SPDX-License-Identifier: Apache-2.0
// Whole numbers and ports as a policy or a signature writes them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "policy/lang/policy.h"

namespace weir::policy {

inline constexpr const char* kPortAdvice = "write 1 to 65535, or 6881-6889";

/// Decimal digits only; nullopt: anything else, or more than T holds.
template <typename T>
[[nodiscard]] std::optional<T> whole_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "443" or "6881-6889", 1 to 65535.
[[nodiscard]] inline std::optional<PortRange> port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto low = whole_number<std::uint16_t>(text.substr(0, dash));
  const auto high = dash == std::string_view::npos ? low : whole_number<std::uint16_t>(text.substr(dash + 1));
  if (!low || !high || *low < 1 || *low > *high) return std::nullopt;
  return PortRange{*low, *high};
}

}  // namespace weir::policy
