// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/clock.h"

#include <algorithm>
#include <ctime>
#include <utility>

namespace weir::dataplane {
namespace {

TimeNs read_clock(clockid_t id) {
  timespec time{};
  static_cast<void>(clock_gettime(id, &time));
  return time.tv_sec * kSecond + time.tv_nsec;
}

}  // namespace

WorkerClock::WorkerClock() : offset_(read_clock(CLOCK_REALTIME) - read_clock(CLOCK_MONOTONIC)) {}

TimeNs WorkerClock::now() noexcept {
  const TimeNs monotonic = read_clock(CLOCK_MONOTONIC);
  return follow(monotonic, monotonic < next_look_ ? 0 : read_clock(CLOCK_REALTIME));
}

TimeNs WorkerClock::follow(TimeNs monotonic, TimeNs realtime) noexcept {
  if (monotonic >= next_look_) {
    next_look_ = monotonic + kSecond;
    const TimeNs difference = realtime - monotonic - offset_;
    offset_ += difference;
    if (difference >= kClockStepMin || difference <= -kClockStepMin) {
      step_ += difference;
      last_ += difference;
    }
  }
  last_ = std::max(last_, monotonic + offset_);
  return last_;
}

TimeNs WorkerClock::take_step() noexcept { return std::exchange(step_, 0); }

}  // namespace weir::dataplane
