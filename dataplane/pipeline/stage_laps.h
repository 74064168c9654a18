// SPDX-License-Identifier: Apache-2.0
// Takes the time of the stages for one burst in about kStageBurstsBetween: to read the counter seven times
// costs as much as some packets, so not every burst pays it. Which burst is next is drawn from the counter
// itself: with a fixed step the bursts of one port of two would never be seen.
// Built without it (cmake -DWEIR_STAGE_TIMES=OFF), nothing of it is left.
#pragma once

#include <rte_cycles.h>

#include <array>
#include <cstdint>

#include "dataplane/pipeline/stage_times.h"

namespace weir::dataplane {

#ifdef WEIR_STAGE_TIMES
inline constexpr bool kStageTimes = true;
#else
inline constexpr bool kStageTimes = false;
#endif

// On average; a power of two. The distance is drawn from [1, 2 * kStageBurstsBetween).
inline constexpr std::uint32_t kStageBurstsBetween = 8;

class StageLaps {
 public:
  StageLaps(StageTurn& turn, StageTimes& times, std::uint16_t packets) noexcept
      : times_(times), packets_(packets) {
    if constexpr (kStageTimes) {
      if (--turn.left > 0) return;
      timed_ = true;
      last_ = rte_rdtsc();
      turn.left = 1 + (static_cast<std::uint32_t>(last_) & (2 * kStageBurstsBetween - 1));
    }
  }
  ~StageLaps() {
    if (!timed_ || packets_ == 0) return;
    for (std::size_t stage = 0; stage < kStageCount; ++stage) times_[stage].add(cycles_[stage], packets_);
  }
  StageLaps(const StageLaps&) = delete;
  StageLaps& operator=(const StageLaps&) = delete;

  /// What happened since the last call, or since the beginning, was this stage; it may come again.
  void end(Stage stage) noexcept {
    if (!timed_) return;
    const std::uint64_t now = rte_rdtsc();
    cycles_[static_cast<std::size_t>(stage)] += now - last_;
    last_ = now;
  }

 private:
  StageTimes& times_;
  std::uint16_t packets_;
  bool timed_ = false;
  std::uint64_t last_ = 0;
  std::array<std::uint64_t, kStageCount> cycles_{};
};

}  // namespace weir::dataplane
