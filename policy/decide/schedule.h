// SPDX-License-Identifier: Apache-2.0
// Whether a schedule holds at a local time.
#pragma once

#include <algorithm>

#include "policy/lang/policy.h"

namespace weir::policy {

[[nodiscard]] inline bool holds_at(const Schedule& schedule, const LocalTime& local) {
  const auto on = [&](int weekday) { return ((schedule.days >> static_cast<unsigned>(weekday)) & 1U) != 0; };
  const int yesterday = (local.weekday + 6) % 7;
  return std::any_of(schedule.hours.begin(), schedule.hours.end(), [&](const HourSpan& span) {
    const bool after = local.minute >= span.begin;
    const bool before = local.minute < span.end;
    if (span.begin < span.end) return on(local.weekday) && after && before;
    return (on(local.weekday) && after) || (on(yesterday) && before);
  });
}

}  // namespace weir::policy
