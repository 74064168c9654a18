// SPDX-License-Identifier: Apache-2.0
// Looks whether the workers go round. A worker ends a turn at least every few milliseconds, also at rest
// (worker/idle.h), so one that ended none for kWorkerStuckMs is stuck. It says so, in the log and in
// `health`; what follows is the service manager's (service_manager.h).
//
// Threads: the control thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr int kWorkerLookMs = 100;  // between two looks
// Without a turn seen. A look before and one after come to it, and the sum stays under 500 ms.
inline constexpr TimeNs kWorkerStuckMs = 250;
inline constexpr std::uint32_t kStillLooksMin = 3;  // looks without a turn, so that a pause of us all is none

struct WorkerHealth {
  bool stuck = false;
  TimeNs moved_at = 0;      // monotonic; when its last turn was seen
  std::uint64_t times = 0;  // how often it was found stuck
};

class Watchdog {
 public:
  explicit Watchdog(std::size_t workers) : seen_(workers), health_(workers) {}

  /// `turns`: of each worker so far; `now`: monotonic. Looks that come sooner than kWorkerLookMs do nothing.
  void look(std::span<const std::uint64_t> turns, TimeNs now);
  /// Every worker ended a turn since the last call that was answered with yes.
  [[nodiscard]] bool take_all_moved();
  [[nodiscard]] bool all_alive() const;
  [[nodiscard]] std::span<const WorkerHealth> health() const { return health_; }

 private:
  struct Seen {
    std::uint64_t turns = 0;
    std::uint32_t still_looks = 0;
    bool moved = false;  // since take_all_moved said yes
  };
  std::vector<Seen> seen_;
  std::vector<WorkerHealth> health_;
  TimeNs looked_ = 0;
};

}  // namespace weir::dataplane
