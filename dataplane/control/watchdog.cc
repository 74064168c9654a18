// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/watchdog.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir::dataplane {

void Watchdog::look(std::span<const std::uint64_t> turns, TimeNs now) {
  if (looked_ != 0 && now - looked_ < kWorkerLookMs * kMillisecond) return;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    Seen& seen = seen_[i];
    WorkerHealth& health = health_[i];
    if (looked_ == 0) health.moved_at = now;
    if (turns[i] != seen.turns) {
      if (health.stuck) {
        spdlog::warn("worker-alive worker={} after-ms={}", i, (now - health.moved_at) / kMillisecond);
      }
      seen = {.turns = turns[i], .still_looks = 0, .moved = true};
      health.stuck = false;
      health.moved_at = now;
      continue;
    }
    const bool long_enough = now - health.moved_at >= kWorkerStuckMs * kMillisecond;
    if (++seen.still_looks < kStillLooksMin || !long_enough || health.stuck) continue;
    health.stuck = true;
    ++health.times;
    spdlog::error("worker-stuck worker={} for-ms={}", i, (now - health.moved_at) / kMillisecond);
  }
  looked_ = now;
}

bool Watchdog::take_all_moved() {
  if (!std::all_of(seen_.begin(), seen_.end(), [](const Seen& seen) { return seen.moved; })) return false;
  for (Seen& seen : seen_) seen.moved = false;
  return true;
}

bool Watchdog::all_alive() const {
  return std::none_of(health_.begin(), health_.end(), [](const WorkerHealth& one) { return one.stuck; });
}

}  // namespace weir::dataplane
