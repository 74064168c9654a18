// SPDX-License-Identifier: Apache-2.0
// Rates as a policy writes them: "2 Mbit/s".
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "policy/lang/port_range.h"

namespace weir::policy {

inline constexpr const char* kRateAdvice =
    "write a whole number and its unit, such as 500 kbit/s or 2 Mbit/s";

/// Bytes per second, 1,000 (8 kbit/s) or more; of kbit/s, Mbit/s and Gbit/s (powers of ten).
[[nodiscard]] inline std::optional<std::uint32_t> bytes_per_second(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> kUnits{
      {{"kbit/s", 1'000}, {"Mbit/s", 1'000'000}, {"Gbit/s", 1'000'000'000}}};
  constexpr std::uint64_t kLeast = 1'000;
  for (const auto& [unit, bits] : kUnits) {
    if (!text.ends_with(unit)) continue;
    std::string_view digits = text.substr(0, text.size() - unit.size());
    if (digits.ends_with(' ')) digits.remove_suffix(1);
    const auto count = whole_number<std::uint32_t>(digits);
    if (!count) return std::nullopt;
    const std::uint64_t bytes = *count * bits / 8;
    if (bytes < kLeast || bytes > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(bytes);
  }
  return std::nullopt;
}

}  // namespace weir::policy
