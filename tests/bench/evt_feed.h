// SPDX-License-Identifier: Apache-2.0
// Events for benchmarks: recorded ones (a file of a replay, `weir-classifier --replay --events -`), or a few
// made up ones, said again and again as if by a worker that lives: with the next number of their source, flow
// ids of their own, and the time of now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/bus/stream_reader.h"
#include "policy/model/flow_event.pb.h"

namespace weir::bench {

/// Of a file of varint lengths and messages; the made up ones for an empty path. Ends the program on a
/// mistake.
std::vector<event::FlowEvent> read_templates(const std::string& path);

/// Addresses that take the place of the events' own, so that there are many more; 0: they stay.
struct Spread {
  std::uint32_t clients = 0;
  std::uint32_t hosts = 0;  // outside, with names of their own where the event has a name
};

class EventFeed {
 public:
  EventFeed(std::vector<event::FlowEvent> templates, std::uint32_t worker, Spread spread = {});

  const event::FlowEvent& next();
  /// So many entries of a flow stream, `batch` events each.
  std::vector<policy::StreamEntry> entries(std::size_t count, std::size_t batch);

 private:
  /// Who speaks with whom: the same for all events of a flow.
  void place(event::FlowEvent& event, std::uint64_t flow) const;

  std::vector<event::FlowEvent> templates_;  // each said in its turn
  std::vector<std::uint64_t> flow_of_;       // of each: its flow's number in one pass, from 0
  std::uint64_t flows_ = 0;                  // of one pass
  std::uint32_t worker_;
  Spread spread_;
  std::uint64_t sequence_ = 0;
};

}  // namespace weir::bench
