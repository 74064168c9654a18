// SPDX-License-Identifier: Apache-2.0
// How long something that a person asks for lasts, as they write it: "90s", "15m", "2h".
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/time.h"

namespace weir {

inline constexpr TimeNs kDurationLongest = 24 * 3'600 * kSecond;

/// A whole number and its unit; more than nothing, at most kDurationLongest.
[[nodiscard]] Result<TimeNs> parse_duration(std::string_view text);
/// "15m", "1h 30m", "59s": whole seconds.
[[nodiscard]] std::string duration_text(TimeNs duration);

}  // namespace weir
