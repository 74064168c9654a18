// SPDX-License-Identifier: Apache-2.0
// What makes a program of an Engine: connects, connects again after an error, ends when told to.
#pragma once

#include <chrono>
#include <string>

#include "policy/engine/findings.h"
#include "policy/engine/quota_ledger.h"
#include "policy/model/settings.h"

namespace weir::policy {

inline constexpr std::chrono::milliseconds kRoundWait{250};  // for events; also how fast SIGTERM is noticed
inline constexpr std::chrono::milliseconds kRetryWaitFirst{100};  // after an error; doubles
inline constexpr std::chrono::milliseconds kRetryWaitMax{5'000};
inline constexpr std::chrono::milliseconds kTrimEvery{5'000};  // streams, of what all have acknowledged
inline constexpr std::chrono::milliseconds kDrainMax{5'000};   // events still taken after SIGTERM

struct EngineService {
  Settings settings;
  std::string consumer;  // its name in the consumer group, the same after a restart
  SoftwareJudge judge;
  QuotaRulesInForce quotas;

  /// Returns when `stop_descriptor` becomes readable: what is in the streams by then is still worked off, for
  /// at most kDrainMax. An error while running is logged once and tried again.
  void run(int stop_descriptor);
};

/// Becomes `user` when started as root; the store's directory is made and given to that user first.
[[nodiscard]] Result<void> drop_privileges(const std::string& user, const std::string& store_path);

}  // namespace weir::policy
