// SPDX-License-Identifier: Apache-2.0
// Events to a Redis stream. `accept` serialises and puts into a bounded queue, never more; a thread of its
// own connects, appends in a pipeline, and keeps what was not acknowledged until it is. Redis away: the queue
// fills, then the newest events are lost, counted exactly.
//
// Threads: accept, finish and counts from the inspection thread; the queue is shared with the sending thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "classifier/publish/event_sink.h"
#include "policy/bus/stream_writer.h"

namespace weir::classifier {

struct RedisPublisherOptions {
  policy::RedisEndpoint endpoint;
  std::string stream;
  std::uint32_t stream_entries_max = 1'000'000;
  std::uint32_t queue_max = 65'536;  // events that may wait
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds finish_max{2'000};  // how long `finish` may take
};

class RedisPublisher final : public EventSink {
 public:
  explicit RedisPublisher(RedisPublisherOptions options);  // starts the sending thread
  ~RedisPublisher() override;

  void accept(const event::FlowEvent& event) override;
  void finish() override;
  [[nodiscard]] EventCounts counts() const override;

 private:
  void run(const std::stop_token& stop);
  [[nodiscard]] bool connect_and_send(const std::stop_token& stop);
  [[nodiscard]] bool send_batch(policy::StreamWriter& writer);
  [[nodiscard]] bool wait(const std::stop_token& stop, std::chrono::milliseconds time);

  const RedisPublisherOptions options_;
  mutable std::mutex mutex_;  // guards everything down to counts_
  std::condition_variable_any changed_;
  std::deque<std::string> queue_;  // oldest first; the front ones are being sent
  EventCounts counts_;
  bool said_unavailable_ = false;  // used by the sending thread only
  std::jthread thread_;            // last: stops before what it uses is destroyed
};

}  // namespace weir::classifier
