// SPDX-License-Identifier: Apache-2.0
// Sizes as a policy writes them: "10 MB".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "policy/lang/port_range.h"

namespace weir::policy {

inline constexpr const char* kSizeAdvice = "write a whole number and its unit, such as 500 kB or 10 MB";

/// Bytes, 1 or more; of B, kB, MB and GB (powers of ten).
[[nodiscard]] inline std::optional<std::uint64_t> size_bytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits{
      {{"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"B", 1}}};
  for (const auto& [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    std::string_view digits = text.substr(0, text.size() - unit.size());
    if (digits.ends_with(' ')) digits.remove_suffix(1);
    const auto count = whole_number<std::uint32_t>(digits);
    return count && *count > 0 ? std::optional{*count * bytes} : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace weir::policy
