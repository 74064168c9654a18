// SPDX-License-Identifier: Apache-2.0
// What the engine counts in its store, in Prometheus' text format.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "policy/model/time.h"

namespace weir::ctl {

inline constexpr TimeNs kEngineSilentMax = 30 * kSecond;  // an idle engine beats every 5 s

/// `state`: Store::engine_state; `missing`: Store::missing_events.
[[nodiscard]] std::string engine_metrics(const std::map<std::string, std::int64_t>& state,
                                         std::int64_t missing);

}  // namespace weir::ctl
