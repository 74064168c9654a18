// SPDX-License-Identifier: Apache-2.0
// What the engine says of quotas, from its stream in Redis: a thread of its own reads it from the beginning,
// and again from there after each lost connection; what was said twice changes nothing.
//
// Threads: `take` from the inspection thread; what waits is shared with the reading thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "policy/bus/facts.h"

namespace weir::classifier {

struct FactListenerOptions {
  policy::RedisEndpoint endpoint;
  std::chrono::milliseconds block{250};  // one wait for the next fact, and the longest that an end takes
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
};

class FactListener {
 public:
  explicit FactListener(FactListenerOptions options);  // starts the reading thread
  ~FactListener();

  /// What came since the last call, oldest first, at most policy::kFactsAtOnce. Never waits for Redis.
  [[nodiscard]] std::vector<QuotaFact> take();

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool connect_and_read(const std::stop_token& stop);
  [[nodiscard]] bool wait(const std::stop_token& stop, std::chrono::milliseconds time);

  const FactListenerOptions options_;
  std::mutex mutex_;  // guards what comes until `thread_`
  std::condition_variable_any changed_;
  std::vector<QuotaFact> waiting_;  // no more are read before they were taken
  std::jthread thread_;             // last: stops before what it uses is destroyed
};

}  // namespace weir::classifier
