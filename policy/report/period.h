// SPDX-License-Identifier: Apache-2.0
// Of which time a report is: whole local days, so that a day on which the clocks change is 23 or 25 hours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/time_zone.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::report {

inline constexpr std::int64_t kPeriodDaysMax = 366;

enum class Kind : std::uint8_t { kDaily, kWeekly, kMonthly };
[[nodiscard]] const char* to_string(Kind kind);
[[nodiscard]] std::optional<Kind> kind_of(std::string_view word);

struct Period {
  std::int64_t first_day = 0;  // days since 1970-01-01, local
  std::int64_t end_day = 0;    // exclusive
  TimeNs begin = 0;
  TimeNs end = 0;  // exclusive

  [[nodiscard]] std::int64_t days() const { return end_day - first_day; }
};

/// The last one that is over at `now`: yesterday; the week from Monday to Sunday (ISO 8601); the month.
[[nodiscard]] Period last_period(Kind kind, const policy::TimeZone& zone, TimeNs now);
/// From a date on, as long as the kind says, or to a date with the whole of it; empty: none is given.
/// kInvalid: no such dates, or more than kPeriodDaysMax.
[[nodiscard]] Result<Period> period_from(Kind kind, const policy::TimeZone& zone, const std::string& from,
                                         const std::string& to);
/// The one before, of the same kind; of a length of one's own as many days.
[[nodiscard]] Period previous_period(Kind kind, const policy::TimeZone& zone, const Period& period);

[[nodiscard]] std::string date_text(std::int64_t day);  // "2026-11-28"
[[nodiscard]] std::int64_t local_day(const policy::TimeZone& zone, TimeNs time);

}  // namespace weir::report
