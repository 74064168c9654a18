// SPDX-License-Identifier: Apache-2.0
// The POSIX TZ rule at the end of a TZif file (RFC 8536 section 3.3.1).
#include <chrono>

#include "policy/lang/time_zone.h"

namespace weir::policy {
namespace {

constexpr std::int32_t kHourS = 3'600;

/// Reads a rule from left to right; after the first thing that does not fit it is failed for good.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return text_.empty(); }

  bool accept(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = accept(c) && ok_; }

  void name() {
    const bool quoted = accept('<');
    std::size_t letters = 0;
    while (letters < text_.size() && (quoted ? text_[letters] != '>' : is_letter(text_[letters]))) ++letters;
    text_.remove_prefix(letters);
    if (quoted) expect('>');
    ok_ = ok_ && letters >= 3;
  }

  int number(int low, int high) {
    int value = 0;
    std::size_t digits = 0;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9' && digits < 4) {
      value = value * 10 + (text_.front() - '0');
      text_.remove_prefix(1);
      ++digits;
    }
    ok_ = ok_ && digits > 0 && value >= low && value <= high;
    return value;
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  std::int32_t time(int hours_max) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    std::int32_t seconds = number(0, hours_max) * kHourS;
    if (accept(':')) seconds += number(0, 59) * 60;
    if (accept(':')) seconds += number(0, 59);
    return negative ? -seconds : seconds;
  }

  ZoneRuleDay day() {
    ZoneRuleDay day;
    if (accept('M')) {
      day.month = number(1, 12);
      expect('.');
      day.week = number(1, 5);
      expect('.');
      day.day = number(0, 6);
    } else if (accept('J')) {
      day.kind = ZoneRuleDay::Kind::kJulianNoLeap;
      day.day = number(1, 365);
    } else {
      day.kind = ZoneRuleDay::Kind::kZeroBased;
      day.day = number(0, 365);
    }
    if (accept('/')) day.time_s = time(167);
    return day;
  }

  [[nodiscard]] bool at_offset() const { return !text_.empty() && text_.front() != ','; }

 private:
  static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

  std::string_view text_;
  bool ok_ = true;
};

/// Days since 1970-01-01 of the rule's day in `year`.
std::int64_t day_of(const ZoneRuleDay& rule, std::chrono::year year) noexcept {
  using namespace std::chrono;
  const auto days_of = [](sys_days days) { return days.time_since_epoch().count(); };
  const std::int64_t new_year = days_of(sys_days{year / January / 1});
  switch (rule.kind) {
    case ZoneRuleDay::Kind::kZeroBased:
      return new_year + rule.day;
    case ZoneRuleDay::Kind::kJulianNoLeap:  // 29 February is never counted
      return new_year + rule.day - 1 + (year.is_leap() && rule.day >= 60 ? 1 : 0);
    case ZoneRuleDay::Kind::kMonthWeekDay:
      break;
  }
  const month in_month{static_cast<unsigned>(rule.month)};
  const weekday on{static_cast<unsigned>(rule.day)};
  if (rule.week == 5) return days_of(sys_days{year / in_month / on[last]});
  return days_of(sys_days{year / in_month / on[static_cast<unsigned>(rule.week)]});
}

}  // namespace

std::optional<ZoneRule> parse_zone_rule(std::string_view text) {
  RuleReader reader{text};
  ZoneRule rule;
  reader.name();
  rule.standard_offset_s = -reader.time(24);
  if (reader.ok() && !reader.done()) {
    rule.has_daylight = true;
    reader.name();
    rule.daylight_offset_s = reader.at_offset() ? -reader.time(24) : rule.standard_offset_s + kHourS;
    reader.expect(',');
    rule.begin = reader.day();
    reader.expect(',');
    rule.end = reader.day();
  }
  if (!reader.ok() || !reader.done()) return std::nullopt;
  return rule;
}

std::int32_t rule_offset_s(const ZoneRule& rule, std::int64_t unix_s) noexcept {
  if (!rule.has_daylight) return rule.standard_offset_s;
  const std::int64_t local = unix_s + rule.standard_offset_s;
  const std::int64_t days = local / kDayS - (local % kDayS < 0 ? 1 : 0);
  constexpr std::int64_t kDaysMax = 10'000'000;  // some 27,000 years either way: what std::chrono::year holds
  if (days < -kDaysMax || days > kDaysMax) return rule.standard_offset_s;
  const auto year = std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days}}}.year();
  const std::int64_t begin = day_of(rule.begin, year) * kDayS + rule.begin.time_s - rule.standard_offset_s;
  const std::int64_t end = day_of(rule.end, year) * kDayS + rule.end.time_s - rule.daylight_offset_s;
  const bool daylight = begin < end ? unix_s >= begin && unix_s < end : unix_s >= begin || unix_s < end;
  return daylight ? rule.daylight_offset_s : rule.standard_offset_s;
}

}  // namespace weir::policy
