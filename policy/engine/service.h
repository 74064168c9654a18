// SPDX-License-Identifier: Apache-2.0
// What makes a program of an Engine: connects, connects again after an error, ends when told to.
#pragma once

#include <chrono>
#include <string>

#include "policy/detect/detection.h"
#include "policy/engine/findings.h"
#include "policy/engine/flow_sample.h"
#include "policy/engine/quota_ledger.h"
#include "policy/model/settings.h"

namespace weir::policy {

inline constexpr std::chrono::milliseconds kRoundWait{250};  // for events; also how fast SIGTERM is noticed
inline constexpr std::chrono::milliseconds kRetryWaitFirst{100};  // after an error; doubles
inline constexpr std::chrono::milliseconds kRetryWaitMax{5'000};
inline constexpr std::chrono::milliseconds kTrimEvery{5'000};  // streams, of what all have acknowledged
inline constexpr std::chrono::milliseconds kDrainMax{5'000};   // events still taken after SIGTERM

inline constexpr std::chrono::hours kConsumerForgotten{24};  // silent this long, and owing nothing

/// The name of an engine that was not given one: engine-1, and where engines of several machines share a
/// Redis, the machine's name and -1.
[[nodiscard]] std::string default_consumer(const Settings& settings);

struct EngineService {
  Settings settings;
  std::string consumer;  // its name in the consumer group, the same after a restart
  SoftwareJudge judge;
  QuotaRulesInForce quotas;
  CategoryJudge categories;
  PolicyInForce policy;

  /// Returns when `stop_descriptor` becomes readable: what is in the streams by then is still worked off, for
  /// at most kDrainMax. An error while running is logged once and tried again.
  void run(int stop_descriptor);
};

/// Becomes `user` when started as root; the directory of a store that is a file is made and given to that
/// user first.
[[nodiscard]] Result<void> drop_privileges(const std::string& user, const std::string& store_path);

}  // namespace weir::policy
