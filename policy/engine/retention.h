// SPDX-License-Identifier: Apache-2.0
// Lets go of what is older than its class is kept. Once an hour, a few rows a time, so that events do not
// wait for it; what it removed is counted beside what was evicted (`flows_expired`, ...).
#pragma once

#include "policy/model/settings.h"
#include "policy/store/store.h"

namespace weir::policy {

inline constexpr TimeNs kRetentionEvery = 3'600 * kSecond;
inline constexpr std::uint32_t kExpiredAtOnce = 2'000;  // rows of a class, in one transaction

class Retention {
 public:
  explicit Retention(const RetentionSettings& keep) : keep_(keep) {}
  /// True: there may be more, which the next call takes.
  [[nodiscard]] Result<bool> look(Store& store, TimeNs now);

 private:
  RetentionSettings keep_;
  TimeNs next_ = 0;
};

}  // namespace weir::policy
