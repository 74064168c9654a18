// SPDX-License-Identifier: Apache-2.0
// Says in the log at which level a worker looks at new flows, when that changes, at most one line a second
// and worker; what changed in between is in the counters.
//
// Threads: the control thread.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/pipeline/overload.h"

namespace weir::dataplane {

inline constexpr TimeNs kOverloadLogInterval = kSecond;

class OverloadLog {
 public:
  explicit OverloadLog(std::size_t workers) : said_(workers) {}
  /// True when a line was written. `now`: monotonic.
  bool look(std::size_t worker, InspectedLevel level, TimeNs now);

 private:
  struct Said {
    InspectedLevel level = InspectedLevel::kFull;
    TimeNs at = -kOverloadLogInterval;
  };
  std::vector<Said> said_;
};

}  // namespace weir::dataplane
