// SPDX-License-Identifier: Apache-2.0
// What the service manager (systemd, sd_notify(3)) is told: READY=1 once, WATCHDOG=1 as long as every worker
// moves, STOPPING=1. When WATCHDOG=1 stays out, the manager kills the process, and packets take the bypass.
// Without a manager (no NOTIFY_SOCKET) nothing is said to anybody.
//
// Threads: the control thread.
#pragma once

#include "policy/model/time.h"

namespace weir::dataplane {

class ServiceManager {
 public:
  /// Reads WATCHDOG_USEC: WATCHDOG=1 is said twice in that time.
  ServiceManager();

  void ready();
  void stopping();
  /// The time for WATCHDOG=1 has come; call `alive` if every worker moved since the last one.
  [[nodiscard]] bool watchdog_due(TimeNs now) const {
    return watchdog_interval_ > 0 && now - told_ >= watchdog_interval_;
  }
  void alive(TimeNs now);
  [[nodiscard]] bool told_ready() const { return ready_; }

 private:
  TimeNs watchdog_interval_ = 0;  // 0: the manager does not ask for it
  TimeNs told_ = 0;
  bool ready_ = false;
};

}  // namespace weir::dataplane
