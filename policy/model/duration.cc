// SPDX-License-Identifier: Apache-2.0
#include "policy/model/duration.h"

#include <fmt/format.h>

#include <charconv>

namespace weir {
namespace {

constexpr TimeNs kMinute = 60 * kSecond;
constexpr TimeNs kHour = 60 * kMinute;

TimeNs unit_of(char letter) {
  return letter == 's' ? kSecond : letter == 'm' ? kMinute : letter == 'h' ? kHour : 0;
}

}  // namespace

Result<TimeNs> parse_duration(std::string_view text) {
  std::uint32_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool one_letter = error == std::errc{} && stop + 1 == text.data() + text.size();
  const TimeNs unit = one_letter ? unit_of(*stop) : 0;
  if (unit != 0 && count > 0 && count <= kDurationLongest / unit) return count * unit;
  return failure(ErrorCode::kInvalid, fmt::format("'{}' is no time from 1s to 24h", text),
                 "write 90s, 15m or 2h");
}

std::string duration_text(TimeNs duration) {
  const TimeNs hours = duration / kHour;
  const TimeNs minutes = duration % kHour / kMinute;
  const TimeNs seconds = duration % kMinute / kSecond;
  std::string text;
  if (hours > 0) text += fmt::format("{}h ", hours);
  if (minutes > 0) text += fmt::format("{}m ", minutes);
  if (seconds > 0 || text.empty()) text += fmt::format("{}s ", seconds);
  text.pop_back();
  return text;
}

}  // namespace weir
