// SPDX-License-Identifier: Apache-2.0
// What weir-export says of itself: the metrics that it writes into the run directory once a second.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/model/settings.h"
#include "policy/model/time.h"

namespace weir::ctl {

inline constexpr TimeNs kExportSilentMax = 10 * kSecond;

struct ExportState {
  std::string metrics;                    // Prometheus' text format
  bool alive = false;                     // it wrote them within kExportSilentMax
  std::vector<std::string> disconnected;  // outputs whose receivers do not take records
};

/// nullopt: it never wrote any.
[[nodiscard]] std::optional<ExportState> export_state(const Settings& settings, TimeNs now);

}  // namespace weir::ctl
