// SPDX-License-Identifier: Apache-2.0
#include "policy/report/period.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "policy/lang/date_text.h"

namespace weir::report {
namespace {

using policy::TimeZone;

constexpr std::array<const char*, 3> kKinds{"daily", "weekly", "monthly"};
constexpr std::int64_t kWeekDays = 7;

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{day}}};
}

std::int64_t first_of_month(std::int64_t day) { return day - (unsigned{date_of(day).day()} - 1); }
std::int64_t next_month(std::int64_t first) { return first_of_month(first + 31); }

/// Days since Monday; 1970-01-01 was a Thursday.
std::int64_t weekday(std::int64_t day) { return (day + 3) % kWeekDays; }

std::int64_t end_of(Kind kind, std::int64_t first) {
  if (kind == Kind::kDaily) return first + 1;
  return kind == Kind::kWeekly ? first + kWeekDays
                               : first + (next_month(first_of_month(first)) - first_of_month(first));
}

Period period_of(const TimeZone& zone, std::int64_t first, std::int64_t end) {
  return {first, end, zone.midnight(first) * kSecond, zone.midnight(end) * kSecond};
}

}  // namespace

const char* to_string(Kind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> kind_of(std::string_view word) {
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (word == kKinds.at(i)) return static_cast<Kind>(i);
  return std::nullopt;
}

std::int64_t local_day(const TimeZone& zone, TimeNs time) {
  const std::int64_t unix_s = time / kSecond;
  return (unix_s + zone.offset_s(unix_s)) / policy::kDayS;
}

std::string date_text(std::int64_t day) {
  const auto date = date_of(day);
  return fmt::format("{:04}-{:02}-{:02}", int{date.year()}, unsigned{date.month()}, unsigned{date.day()});
}

Period last_period(Kind kind, const TimeZone& zone, TimeNs now) {
  const std::int64_t today = local_day(zone, now);
  if (kind == Kind::kDaily) return period_of(zone, today - 1, today);
  if (kind == Kind::kWeekly) {
    const std::int64_t monday = today - weekday(today);
    return period_of(zone, monday - kWeekDays, monday);
  }
  const std::int64_t month = first_of_month(today);
  return period_of(zone, first_of_month(month - 1), month);
}

Result<Period> period_from(Kind kind, const TimeZone& zone, const std::string& from, const std::string& to) {
  const auto first = policy::parse_date(from);
  const auto last = to.empty() ? first : policy::parse_date(to);
  if (!first || !last)
    return failure(ErrorCode::kInvalid, fmt::format("{} is no date", first ? to : from), "write 2026-11-28");
  const std::int64_t end = to.empty() ? end_of(kind, *first) : *last + 1;
  if (end <= *first || end - *first > kPeriodDaysMax) {
    return failure(ErrorCode::kInvalid, fmt::format("{} to {} is no period", from, to),
                   fmt::format("the days of a report are in order, and at most {}", kPeriodDaysMax));
  }
  return period_of(zone, *first, end);
}

Period previous_period(Kind kind, const TimeZone& zone, const Period& period) {
  const bool month = kind == Kind::kMonthly && period.first_day == first_of_month(period.first_day) &&
                     period.end_day == next_month(period.first_day);
  const std::int64_t first = month ? first_of_month(period.first_day - 1) : period.first_day - period.days();
  return period_of(zone, first, period.first_day);
}

}  // namespace weir::report
