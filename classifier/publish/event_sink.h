// SPDX-License-Identifier: Apache-2.0
// Where flow events go: to Redis (redis_publisher.h) or, in a replay, to a pipe (delimited_sink.h).
#pragma once

#include <cstdint>

#include "policy/model/flow_event.pb.h"

namespace weir::classifier {

struct EventCounts {
  std::uint64_t accepted = 0;   // given to the sink
  std::uint64_t delivered = 0;  // acknowledged by whoever keeps them
  std::uint64_t lost = 0;       // will never be delivered: queue overflow, or too large
  std::uint64_t waiting = 0;    // accepted = delivered + lost + waiting
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
