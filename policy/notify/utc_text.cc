// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/utc_text.h"

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace weir::notify {
namespace {

constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::tm parts_of(TimeNs time) {
  const std::time_t seconds = time / kSecond;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

const char* month_of(const std::tm& parts) { return kMonths.at(static_cast<std::size_t>(parts.tm_mon)); }

}  // namespace

std::string utc_text(TimeNs time) {
  const std::tm at = parts_of(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.tm_year + 1900, at.tm_mon + 1, at.tm_mday,
                     at.tm_hour, at.tm_min, at.tm_sec);
}

std::string mail_date(TimeNs time) {
  const std::tm at = parts_of(time);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000",
                     kDays.at(static_cast<std::size_t>(at.tm_wday)), at.tm_mday, month_of(at),
                     at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
}

std::string log_date(TimeNs time) {
  const std::tm at = parts_of(time);
  return fmt::format("{} {:>2} {:02}:{:02}:{:02}", month_of(at), at.tm_mday, at.tm_hour, at.tm_min,
                     at.tm_sec);
}

}  // namespace weir::notify
