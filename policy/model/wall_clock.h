// SPDX-License-Identifier: Apache-2.0
// For programs that act on their own account; what decides is told the time.
#pragma once

#include <chrono>

#include "policy/model/time.h"

namespace weir {

[[nodiscard]] inline TimeNs wall_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace weir
