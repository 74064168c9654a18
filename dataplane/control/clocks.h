// SPDX-License-Identifier: Apache-2.0
// The clocks of the control thread. The packet path has its own, read once a turn.
#pragma once

#include <chrono>

#include "policy/model/time.h"

namespace weir::dataplane {

template <typename Clock>
[[nodiscard]] TimeNs now_of() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
}
[[nodiscard]] inline TimeNs monotonic_now() { return now_of<std::chrono::steady_clock>(); }
[[nodiscard]] inline TimeNs system_now() { return now_of<std::chrono::system_clock>(); }

}  // namespace weir::dataplane
