// SPDX-License-Identifier: Apache-2.0
// Who may move the pairs' interfaces: the data plane as long as it lives, or weirctl for a moment. The kernel
// gives the lock back when its holder dies, however it died, so that "nobody holds it" means that no data
// plane forwards.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::dataplane {

class ProcessLock {
 public:
  /// kUnavailable: another process holds it after `patience`; the error names its pid.
  [[nodiscard]] static Result<std::unique_ptr<ProcessLock>> take(const Settings& settings,
                                                                 std::chrono::milliseconds patience);
  ~ProcessLock();
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;

 private:
  explicit ProcessLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace weir::dataplane
