// SPDX-License-Identifier: Apache-2.0
// Events to a Redis stream. `accept` serialises into the ring (event_ring.h), never more. One thread connects
// and appends them, many an entry; events leave the ring when they are acknowledged. What has waited for a
// while since Redis is away or slow, another thread moves to the disk (spool.h), in order; what is there goes
// first. Redis dead: what it acknowledged in its last seconds is said again to the next one, since Redis
// acknowledges up to two seconds before it writes its file while the disk is slow (appendfsync everysec).
// This process dead: the next one finds ring and spool. Readers are idempotent by event id.
//
// Threads: accept, finish and counts from the inspection thread; ring and counts are shared under a lock.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "classifier/publish/event_ring.h"
#include "classifier/publish/event_sink.h"
#include "classifier/publish/spool.h"
#include "policy/bus/event_sender.h"
#include "policy/bus/stream_writer.h"
#include "policy/model/settings.h"

namespace weir::classifier {

inline constexpr std::chrono::milliseconds kKeptTime{3'000};  // after their acknowledgement
/// An event waits for so many others of its entry, at most so long.
inline constexpr std::chrono::milliseconds kLingerMax{5};
/// Two looks: what waited at the first and still waits at the second goes to the disk.
inline constexpr std::chrono::milliseconds kSpoolLook{50};

struct RedisPublisherOptions {
  policy::RedisEndpoint endpoint;
  std::string stream;
  bool announce = false;  // in the set of streams, for engines that do not know it otherwise
  std::uint32_t stream_entries_max = 1'000'000;  // events that the stream keeps
  std::chrono::milliseconds backoff_min{100};
  std::chrono::milliseconds backoff_max{5'000};
  std::chrono::milliseconds finish_max{2'000};  // how long `finish` may take
  std::uint64_t crowded = 16'384;               // so many wait: to the disk without a further look
};

/// Of a worker's publisher, as the settings have it.
[[nodiscard]] RedisPublisherOptions publisher_options(const Settings& settings, unsigned worker);

class RedisPublisher final : public EventSink {
 public:
  /// Starts its threads. `spool`: nullptr for none.
  RedisPublisher(RedisPublisherOptions options, EventRing ring, std::unique_ptr<Spool> spool);
  ~RedisPublisher() override;

  void accept(const event::FlowEvent& event) override;
  void finish() override;
  [[nodiscard]] EventCounts counts() const override;

 private:
  void send(const std::stop_token& stop);
  [[nodiscard]] bool connect_and_send(const std::stop_token& stop);
  [[nodiscard]] bool announce(policy::RedisConnection& connection);
  [[nodiscard]] bool send_spooled(policy::StreamWriter& writer);
  [[nodiscard]] bool send_waiting(policy::StreamWriter& writer);
  [[nodiscard]] bool send_kept(policy::StreamWriter& writer);
  void say(const policy::SendReport& report);
  void look_after_disk(const std::stop_token& stop);
  [[nodiscard]] bool spool_until(std::uint64_t number);
  void let_go_of_kept(std::chrono::steady_clock::time_point now);
  [[nodiscard]] bool wait(const std::stop_token& stop, std::chrono::milliseconds time);

  const RedisPublisherOptions options_;
  policy::EventSender sender_;  // of the sending thread
  bool announced_ = false;      // likewise
  mutable std::mutex mutex_;    // guards everything down to kept_
  std::condition_variable_any changed_;
  std::condition_variable_any stopping_;  // nobody notifies it but a request to stop
  std::condition_variable_any pause_;     // of the thread that looks after the disk
  bool hurry_ = false;                    // the ring is crowded: to the disk at once
  bool disk_refuses_ = false;
  EventRing ring_;
  EventCounts counts_;
  bool spooling_ = false;  // the front of the ring is on its way to the disk
  struct Kept {
    std::chrono::steady_clock::time_point acknowledged;
    std::uint64_t before;  // number of the first event that was not
  };
  std::deque<Kept> kept_;
  const std::unique_ptr<Spool> spool_;
  bool said_unavailable_ = false;  // these of the sending thread
  bool lost_connection_ = false;   // since Redis was last told again what it may have lost
  bool said_disk_ = false;         // of the thread that looks after the disk
  std::jthread disk_thread_;       // last: they stop before what they use is destroyed
  std::jthread send_thread_;
};

}  // namespace weir::classifier
