// SPDX-License-Identifier: Apache-2.0
// Days, dates and times of day as a policy writes them.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/lang/port_range.h"

namespace weir::policy {

inline constexpr std::uint16_t kDayMinutes = 1'440;
inline constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/// 0 is Monday.
[[nodiscard]] inline std::optional<int> parse_day(std::string_view word) {
  const auto at = std::find(kDays.begin(), kDays.end(), word);
  return at == kDays.end() ? std::nullopt : std::optional{static_cast<int>(at - kDays.begin())};
}

/// "08:00" as minutes; at most 24:00.
[[nodiscard]] inline std::optional<std::uint16_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = whole_number<std::uint16_t>(text.substr(0, 2));
  const auto minute = whole_number<std::uint16_t>(text.substr(3, 2));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kDayMinutes) return std::nullopt;
  return static_cast<std::uint16_t>(*hour * 60 + *minute);
}

/// "2027-06-30" (1970 to 2200) as days since 1970-01-01.
[[nodiscard]] inline std::optional<std::int64_t> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t digits) {
    return whole_number<std::uint16_t>(text.substr(at, digits)).value_or(0);
  };
  const std::chrono::year_month_day date{std::chrono::year{part(0, 4)}, std::chrono::month{part(5, 2)},
                                         std::chrono::day{part(8, 2)}};
  if (!date.ok() || date.year() < std::chrono::year{1970} || date.year() > std::chrono::year{2200})
    return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch().count();
}

}  // namespace weir::policy
