// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/fact_listener.h"

#include <algorithm>
#include <utility>

namespace weir::classifier {

FactListener::FactListener(FactListenerOptions options)
    : options_(std::move(options)), thread_([this](const std::stop_token& stop) { run(stop); }) {}

FactListener::~FactListener() = default;

std::vector<QuotaFact> FactListener::take() {
  std::vector<QuotaFact> facts;
  {
    const std::lock_guard lock{mutex_};
    facts.swap(waiting_);
  }
  if (!facts.empty()) changed_.notify_all();
  return facts;
}

void FactListener::run(const std::stop_token& stop) {
  auto backoff = options_.backoff_min;
  while (!stop.stop_requested()) {
    backoff = connect_and_read(stop) ? options_.backoff_min : std::min(backoff * 2, options_.backoff_max);
    if (!wait(stop, backoff)) return;
  }
}

/// One connection's life. True when something was read on it; the publisher says that Redis is away.
bool FactListener::connect_and_read(const std::stop_token& stop) {
  auto connection = policy::RedisConnection::connect(options_.endpoint);
  if (!connection) return false;
  policy::FactsReader reader{std::move(*connection)};
  bool useful = false;
  while (!stop.stop_requested()) {
    auto facts = reader.read(options_.block);
    if (!facts) return useful;
    if (facts->empty()) continue;
    useful = true;
    std::unique_lock lock{mutex_};
    if (!changed_.wait(lock, stop, [this] { return waiting_.empty(); })) return useful;
    waiting_ = std::move(*facts);
  }
  return useful;
}

/// False when the thread shall stop.
bool FactListener::wait(const std::stop_token& stop, std::chrono::milliseconds time) {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace weir::classifier
