// SPDX-License-Identifier: Apache-2.0
// A moment as a person writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policy/lang/time_zone.h"
#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir::policy {

/// RFC 3339 without fractions: "2027-06-30T16:00:00Z", "2027-06-30T12:00:00-04:00".
[[nodiscard]] std::optional<TimeNs> parse_rfc3339(std::string_view text);
/// The same, or local time, "2027-06-30 18:00". kInvalid: neither; or a local time that does not exist or
/// exists twice that day, since the clocks change.
[[nodiscard]] Result<TimeNs> parse_moment(const TimeZone& zone, std::string_view text);
/// "2027-06-30 18:00:00-04:00": local time with its distance from UTC.
[[nodiscard]] std::string local_text(const TimeZone& zone, TimeNs time);

}  // namespace weir::policy
