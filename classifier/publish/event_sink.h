// SPDX-License-Identifier: Apache-2.0
// Where flow events go: to Redis (redis_publisher.h) or, in a replay, to a pipe (delimited_sink.h).
#pragma once

#include <array>
#include <cstdint>

#include "policy/model/flow_event.pb.h"

namespace weir::classifier {

/// Events that will never be delivered, by reason.
struct EventsLost {
  std::uint64_t too_large = 0;   // no stream takes them
  std::uint64_t queue_full = 0;  // neither Redis nor the disk took those before them fast enough
  std::uint64_t spool_full = 0;  // the disk's share for events without a hit was used up
  std::uint64_t damaged = 0;     // could not be read again from disk
  std::uint64_t at_end = 0;      // the process ended, and nothing keeps them

  [[nodiscard]] std::uint64_t total() const;
};

struct LossReason {
  const char* name;
  std::uint64_t EventsLost::*count;
};
inline constexpr std::array kLossReasons{
    LossReason{"too-large", &EventsLost::too_large}, LossReason{"queue-full", &EventsLost::queue_full},
    LossReason{"spool-full", &EventsLost::spool_full}, LossReason{"damaged", &EventsLost::damaged},
    LossReason{"at-end", &EventsLost::at_end}};

inline std::uint64_t EventsLost::total() const {
  std::uint64_t sum = 0;
  for (const LossReason& reason : kLossReasons) sum += this->*reason.count;
  return sum;
}

/// accepted + recovered = delivered + lost.total() + waiting
struct EventCounts {
  std::uint64_t accepted = 0;   // given to the sink
  std::uint64_t recovered = 0;  // left by an earlier process
  std::uint64_t delivered = 0;  // acknowledged by whoever keeps them
  EventsLost lost{};
  std::uint64_t waiting = 0;
  std::uint64_t spooled = 0;        // of those that wait: on disk
  std::uint64_t spool_bytes = 0;    // on disk, with those that are still kept after their delivery
  std::uint64_t spool_errors = 0;   // times that the disk took nothing
  std::uint64_t spool_damaged = 0;  // places on disk at which bytes were no event
  bool connected = false;
};

class EventSink {
 public:
  EventSink() = default;
  virtual ~EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;

  /// Takes one event. Never waits for Redis; a replay's sink waits for its reader.
  virtual void accept(const event::FlowEvent& event) = 0;
  /// Delivers what waits, for as long as is sensible at the end of the process.
  virtual void finish() = 0;
  [[nodiscard]] virtual EventCounts counts() const = 0;
};

}  // namespace weir::classifier
