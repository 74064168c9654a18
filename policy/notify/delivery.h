// SPDX-License-Identifier: Apache-2.0
// Brings the messages of the spool to their receivers: each receiver by a thread of its own, so that one that
// is slow or away keeps nobody else waiting; its messages one after the other, in order. What cannot go is
// tried again, after a time that doubles, until it is given up.
#pragma once

#include <chrono>
#include <string>

#include "policy/model/notification_settings.h"
#include "policy/notify/sender.h"
#include "policy/notify/spool.h"

namespace weir::notify {

inline constexpr TimeNs kRetryFirst = kSecond;
inline constexpr TimeNs kRetryMax = 600 * kSecond;
inline constexpr std::chrono::milliseconds kSpoolLook{500};

/// How long to wait after so many tries, 1 or more.
[[nodiscard]] TimeNs retry_after(std::uint32_t tries);

/// One receiver's deliveries. One owner.
class Delivery {
 public:
  Delivery(NotificationReceiver receiver, Spool spool, Stop stop)
      : receiver_(std::move(receiver)), spool_(std::move(spool)), stop_(std::move(stop)) {}

  /// Tries the oldest message that waits, when its time has come. True: there may be more to do at once.
  [[nodiscard]] Result<bool> turn(TimeNs now);

 private:
  [[nodiscard]] Result<void> settle(const Message& message, const Sending& sending, TimeNs now);

  NotificationReceiver receiver_;
  Spool spool_;
  Stop stop_;
};

/// Until `stop_descriptor` becomes readable.
void deliver(const std::vector<NotificationReceiver>& receivers, const Spool& spool, int stop_descriptor);

}  // namespace weir::notify
