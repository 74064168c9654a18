// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/idle.h"

#include <rte_pause.h>
#include <sys/prctl.h>

#include <algorithm>
#include <ctime>

#include "dataplane/worker/handover.h"

namespace weir::dataplane {

void IdlePause::prepare_thread() { static_cast<void>(prctl(PR_SET_TIMERSLACK, 1'000UL, 0UL, 0UL, 0UL)); }

std::uint32_t IdlePause::next_sleep_ns(bool packets_wait) const noexcept {
  if (empty_turns_ < kIdleSpins) return 0;
  const std::uint32_t doublings = std::min<std::uint32_t>((empty_turns_ - kIdleSpins) / 8, 16);
  const bool deep = empty_turns_ >= kIdleSpins + kIdleDeepTurns;
  const std::uint32_t longest = packets_wait ? kIdleSleepParkedNs : deep ? kIdleSleepDeepNs : kIdleSleepMaxNs;
  return std::min(kIdleSleepMinNs << std::min<std::uint32_t>(doublings, 8), longest);
}

std::uint32_t IdlePause::idle(bool packets_wait) noexcept {
  const std::uint32_t sleep_ns = next_sleep_ns(packets_wait);
  if (empty_turns_ < UINT32_MAX) ++empty_turns_;
  if (sleep_ns == 0) {
    rte_pause();
    return 0;
  }
  if (others_ != nullptr) {
    others_->sleep(sleep_ns);
    return sleep_ns;
  }
  const timespec pause{0, static_cast<long>(sleep_ns)};
  static_cast<void>(nanosleep(&pause, nullptr));
  return sleep_ns;
}

}  // namespace weir::dataplane
