// SPDX-License-Identifier: Apache-2.0
// Events to a Redis stream. `accept` serialises and puts into a bounded queue, never more; a thread of its
// own connects, appends them, many an entry, and keeps what was not acknowledged until it is. Redis away: the
// queue fills, then the newest events are lost, counted exactly. Redis dead: what it acknowledged in its last
// seconds is said again to the next one, since Redis acknowledges up to two seconds before it writes its file
// while the disk is slow (appendfsync everysec); readers are idempotent by event id.
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
#include "policy/bus/event_sender.h"
#include "policy/bus/stream_writer.h"

namespace weir::classifier {

inline constexpr std::chrono::milliseconds kLingerMax{5};  // an event waits for others to share its entry
inline constexpr std::size_t kKeptEventsMax = 8'192;       // acknowledged ones that are kept
inline constexpr std::chrono::seconds kKeptSeconds{3};     // after their acknowledgement

struct RedisPublisherOptions {
  policy::RedisEndpoint endpoint;
  std::string stream;
  bool announce = false;  // in the set of streams, for engines that do not know it otherwise
  std::uint32_t stream_entries_max = 1'000'000;  // events that the stream keeps
  std::uint32_t queue_max = 65'536;              // events that may wait
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds finish_max{2'000};  // how long `finish` may take
};

/// Of a worker's publisher, as the settings have it.
[[nodiscard]] RedisPublisherOptions publisher_options(const Settings& settings, unsigned worker);

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
  [[nodiscard]] bool send_kept(policy::StreamWriter& writer);
  void keep(std::string bytes);
  [[nodiscard]] bool wait(const std::stop_token& stop, std::chrono::milliseconds time);

  const RedisPublisherOptions options_;
  mutable std::mutex mutex_;  // guards everything down to counts_
  std::condition_variable_any changed_;
  std::deque<std::string> queue_;  // oldest first; the front ones are being sent
  EventCounts counts_;
  struct Kept {
    std::chrono::steady_clock::time_point acknowledged;
    std::string bytes;
  };
  // These are used by the sending thread only.
  policy::EventSender sender_;
  std::deque<Kept> kept_;  // acknowledged, and perhaps not yet in Redis' file
  bool said_unavailable_ = false;
  bool announced_ = false;
  std::jthread thread_;  // last: stops before what it uses is destroyed
};

}  // namespace weir::classifier
