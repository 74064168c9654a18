// SPDX-License-Identifier: Apache-2.0
// What slow-server and slow-link share: a window against the median of those before it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "policy/detect/detector.h"

namespace weir::policy {

inline constexpr std::uint32_t kPastWindowsMax = 336;  // a week of hours, which overlap
inline constexpr std::size_t kPastWindowsMin = 6;

/// Of a window: what is compared; nullopt: too little was seen.
using Measure = std::function<std::optional<std::int64_t>(const DetectSums&)>;

/// The median of the windows before this one; nullopt: there are less than kPastWindowsMin that say
/// something.
[[nodiscard]] Result<std::optional<std::int64_t>> median_before(const DetectKey& key,
                                                                const DetectWindow& window,
                                                                const Measure& measure, DetectStore& store);

}  // namespace weir::policy
