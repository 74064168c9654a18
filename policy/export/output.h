// SPDX-License-Identifier: Apache-2.0
// One output: reads events, encodes, delivers, and only then acknowledges. It has a thread and a place in the
// streams of its own, so that a receiver that is down or slow delays nobody else: its events wait in Redis.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "policy/export/encoder.h"
#include "policy/export/event_source.h"
#include "policy/export/sender.h"

namespace weir::output {

inline constexpr std::chrono::milliseconds kReadWait{250};  // for events; also how fast a stop is noticed
inline constexpr std::chrono::milliseconds kRetryWaitFirst{100};  // after a failure; doubles
inline constexpr std::chrono::milliseconds kRetryWaitMax{30'000};
inline constexpr std::chrono::milliseconds kDrainMax{5'000};  // events still sent after SIGTERM
inline constexpr TimeNs kSumUpEvery = 30 * kSecond;           // EVE's stats

class Output {
 public:
  Output(const Settings& settings, const OutputSettings& own,
         const std::optional<policy::Pseudonyms>& pseudonyms);

  /// Returns after `stop_descriptor` became readable, when what is in the streams by then is sent, after
  /// kDrainMax, or at the first failure; what was not sent comes after the next start.
  void run(int stop_descriptor);
  /// Opens its file, or connects, anew before the next delivery. From any thread.
  void reopen() { reopen_ = true; }
  [[nodiscard]] CountedOutput counted() const { return {&own_, &counters_}; }

 private:
  [[nodiscard]] bool turn(int stop_descriptor);
  [[nodiscard]] bool deliver(const Records& records, int stop_descriptor);
  void sum_up(TimeNs now, Records& records);
  void say(const Error& error);

  OutputSettings own_;
  Counters counters_;
  EventSource source_;
  std::unique_ptr<Encoder> encoder_;
  Sender sender_;
  std::atomic<bool> reopen_ = false;
  std::optional<std::chrono::steady_clock::time_point> drain_until_;
  TimeNs summed_up_ = 0;
  std::chrono::milliseconds wait_ = kRetryWaitFirst;
  std::string said_;  // an error that lasts is said once
};

}  // namespace weir::output
