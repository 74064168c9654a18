// SPDX-License-Identifier: Apache-2.0
// The worker's time: UTC for stamps, but never backwards and never jumping within a turn. It runs on the
// monotonic clock and follows the system's clock once a second; a step of that is handed to whoever keeps
// stamps.
#pragma once

#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr TimeNs kClockStepMin = kSecond;  // below it the difference is followed silently

class WorkerClock {
 public:
  WorkerClock();
  /// Once per turn.
  [[nodiscard]] TimeNs now() noexcept;
  /// How far the system's clock was set since the last call (0: not); `now` has already followed.
  [[nodiscard]] TimeNs take_step() noexcept;

 private:
  [[nodiscard]] TimeNs follow(TimeNs monotonic, TimeNs realtime) noexcept;
  friend class WorkerClockTest;

  TimeNs offset_ = 0;  // UTC minus monotonic
  TimeNs last_ = 0;
  TimeNs next_look_ = 0;
  TimeNs step_ = 0;
};

}  // namespace weir::dataplane
