// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/service_manager.h"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace weir::dataplane {

ServiceManager::ServiceManager() {
  std::uint64_t limit_us = 0;
  if (sd_watchdog_enabled(0, &limit_us) > 0) {
    watchdog_interval_ = static_cast<TimeNs>(limit_us) * kMicrosecond / 2;
  }
}

void ServiceManager::ready() {
  ready_ = true;
  static_cast<void>(sd_notify(0, "READY=1"));
}

void ServiceManager::stopping() { static_cast<void>(sd_notify(0, "STOPPING=1")); }

void ServiceManager::alive(TimeNs now) {
  told_ = now;
  static_cast<void>(sd_notify(0, "WATCHDOG=1"));
}

}  // namespace weir::dataplane
