// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/moment.h"

#include <fmt/format.h>

#include <chrono>

#include "policy/lang/date_text.h"

namespace weir::policy {
namespace {

constexpr std::size_t kLocalBytes = 19;  // "2027-06-30T16:00:00"

/// Seconds east of UTC of "Z" or "-04:00".
std::optional<std::int64_t> parse_offset_s(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const auto minutes = parse_minute(text.substr(1));
  if (!minutes || *minutes == kDayMinutes) return std::nullopt;
  return (text[0] == '-' ? -60 : 60) * std::int64_t{*minutes};
}

std::string offset_text(std::int64_t seconds) {
  const std::int64_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace

std::optional<TimeNs> parse_rfc3339(std::string_view text) {
  if (text.size() <= kLocalBytes || text[10] != 'T' || text[16] != ':') return std::nullopt;
  const auto day = parse_date(text.substr(0, 10));
  const auto minute = parse_minute(text.substr(11, 5));
  const auto second = whole_number<std::uint16_t>(text.substr(17, 2));
  const auto offset_s = parse_offset_s(text.substr(kLocalBytes));
  if (!day || !minute || *minute == kDayMinutes || !second || *second > 59 || !offset_s) return std::nullopt;
  return ((*day * kDayMinutes + *minute) * 60 + *second - *offset_s) * kSecond;
}

Result<TimeNs> parse_moment(const TimeZone& zone, std::string_view text) {
  if (const auto moment = parse_rfc3339(text)) return *moment;
  const auto day = parse_date(text.substr(0, 10));
  const auto minute = text.size() == 16 && text[10] == ' ' ? parse_minute(text.substr(11)) : std::nullopt;
  if (!day || !minute || *minute == kDayMinutes) {
    return failure(ErrorCode::kInvalid, fmt::format("'{}' is no moment", text),
                   "write \"2027-06-30 18:00\" in the policy's time zone, or 2027-06-30T18:00:00-04:00");
  }
  const std::int64_t local_s = (*day * kDayMinutes + *minute) * 60;
  // The distances from UTC that hold before and after a change of the clocks near that time.
  const std::int64_t before_s = zone.offset_s(local_s - kDayS);
  const std::int64_t after_s = zone.offset_s(local_s + kDayS);
  const bool by_before = zone.offset_s(local_s - before_s) == before_s;
  const bool by_after = zone.offset_s(local_s - after_s) == after_s;
  if (by_before != by_after || (by_before && before_s == after_s))
    return (local_s - (by_before ? before_s : after_s)) * kSecond;
  return failure(ErrorCode::kInvalid,
                 fmt::format("'{}' {} that day, since the clocks change", text,
                             by_before ? "exists twice" : "does not exist"),
                 fmt::format("write {}T{}:00{} or ...{}", text.substr(0, 10), text.substr(11),
                             offset_text(before_s), offset_text(after_s)));
}

std::string local_text(const TimeZone& zone, TimeNs time) {
  const std::int64_t offset_s = zone.offset_s(time / kSecond);
  const std::int64_t local_s = time / kSecond + offset_s;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{local_s / kDayS}}};
  const std::int64_t second = local_s % kDayS;
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}{}", int{date.year()}, unsigned{date.month()},
                     unsigned{date.day()}, second / 3'600, second / 60 % 60, second % 60,
                     offset_text(offset_s));
}

}  // namespace weir::policy
