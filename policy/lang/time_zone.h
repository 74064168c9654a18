// SPDX-License-Identifier: Apache-2.0
// Local time of one place, read once from the system's compiled time zone data (TZif, RFC 8536), afterwards
// pure: no environment, no file, no lock. (g++ 12's <chrono> has no time zones.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr const char* kZoneDirectory = "/usr/share/zoneinfo";
inline constexpr std::size_t kZoneBytesMax = 65'536;
inline constexpr std::size_t kZoneTransitionsMax = 4'096;
inline constexpr std::int64_t kDayS = 86'400;  // on which the clocks do not change

/// The day on which a daylight saving period begins or ends, every year (POSIX TZ, with RFC 8536's
/// extension).
struct ZoneRuleDay {
  enum class Kind : std::uint8_t { kMonthWeekDay, kJulianNoLeap, kZeroBased };
  Kind kind = Kind::kMonthWeekDay;
  int month = 1;       // 1..12
  int week = 1;        // 1..5, 5: the last
  int day = 0;         // weekday 0..6 from Sunday, or day of the year
  int time_s = 7'200;  // local time of the change, may be negative or beyond a day
};

/// What holds after the last transition of the table.
struct ZoneRule {
  std::int32_t standard_offset_s = 0;  // east of UTC
  bool has_daylight = false;
  std::int32_t daylight_offset_s = 0;
  ZoneRuleDay begin;
  ZoneRuleDay end;
};

struct LocalTime {
  int weekday = 0;  // 0 is Monday
  int minute = 0;   // of the day, 0..1439
};

class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;
  /// "America/Toronto": a file below `directory`. kNotFound: no such zone; kCorrupt: not a TZif file.
  [[nodiscard]] static Result<TimeZone> load(std::string_view name,
                                             const std::string& directory = kZoneDirectory);
  [[nodiscard]] static Result<TimeZone> parse(std::string_view tzif);

  /// Seconds east of UTC at a Unix time.
  [[nodiscard]] std::int32_t offset_s(std::int64_t unix_s) const noexcept;
  [[nodiscard]] LocalTime local(std::int64_t unix_s) const noexcept;
  /// Unix time of a local midnight; `days` since 1970-01-01. Where it does not exist or exists twice: within
  /// the hour.
  [[nodiscard]] std::int64_t midnight(std::int64_t days) const noexcept;

  /// Unix time of a minute of a local day; where the clocks change, as midnight.
  [[nodiscard]] std::int64_t instant(std::int64_t days, int minute) const noexcept;

 private:
  std::vector<std::int64_t> transitions_;  // sorted
  std::vector<std::int32_t> offsets_;      // from transitions_[i] on
  std::int32_t first_offset_s_ = 0;        // before the first transition
  std::optional<ZoneRule> rule_;
};

/// "EST5EDT,M3.2.0,M11.1.0"; nullopt when it is not such a rule.
[[nodiscard]] std::optional<ZoneRule> parse_zone_rule(std::string_view text);
[[nodiscard]] std::int32_t rule_offset_s(const ZoneRule& rule, std::int64_t unix_s) noexcept;

}  // namespace weir::policy
