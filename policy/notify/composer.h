// SPDX-License-Identifier: Apache-2.0
// From what the store owes to messages in the spool, on the engine's side of it: no network, no secret. A
// receiver gets its next message when the last one is settled, its interval is over and something was
// gathered, so a storm and a receiver that is away make one longer message, never many.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policy/model/notification_settings.h"
#include "policy/notify/shown_subject.h"
#include "policy/notify/spool.h"
#include "policy/store/notify_store.h"

namespace weir::notify {

inline constexpr TimeNs kLookEvery = kSecond;
inline constexpr TimeNs kOverdueEvery = 60 * kSecond;    // how often overdue violations are looked for
inline constexpr std::uint32_t kOverdueAtOnce = 10'000;  // violations

class Composer {
 public:
  Composer(policy::Store store, std::vector<NotificationReceiver> receivers, std::string appliance,
           Spool spool, Pseudonymiser pseudonyms = {})
      : store_(std::move(store)),
        receivers_(std::move(receivers)),
        appliance_(std::move(appliance)),
        spool_(std::move(spool)),
        pseudonyms_(std::move(pseudonyms)) {}

  /// Tells the store who is told from now on.
  [[nodiscard]] Result<void> begin();
  /// Looks, at most every kLookEvery; gives how many messages it put into the spool. After an error it may be
  /// called again: nothing is lost.
  [[nodiscard]] Result<std::size_t> look(TimeNs now);

 private:
  [[nodiscard]] Result<bool> is_due(const NotificationReceiver& receiver, TimeNs last_message, TimeNs now);
  [[nodiscard]] Result<void> owe_overdue(TimeNs now);
  [[nodiscard]] Result<void> hand_over(const policy::MessageRow& row);
  [[nodiscard]] const NotificationReceiver* find(const std::string& name) const;

  policy::Store store_;
  std::vector<NotificationReceiver> receivers_;
  std::string appliance_;
  Spool spool_;
  Pseudonymiser pseudonyms_;
  TimeNs last_look_ = 0;
  TimeNs last_overdue_look_ = 0;
  std::map<std::string, TimeNs> gathers_since_;
};

}  // namespace weir::notify
