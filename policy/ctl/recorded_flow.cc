// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/recorded_flow.h"

#include <algorithm>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_registry.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/kept_event.h"
#include "policy/evidence/captures.h"

namespace weir::ctl {
namespace {

constexpr std::uint64_t kEntriesMax = 200'000;  // of the stream, from its newest on

/// Newest first.
std::vector<event::FlowEvent> in_stream(const Settings& settings, const std::string& flow_id) {
  std::vector<event::FlowEvent> events;
  const auto number = evidence::number_in(flow_id);
  auto streams = open_streams(settings);
  if (!number || !streams) return events;
  const auto visit = [&](const policy::StreamEntry& entry) {
    const auto opened = policy::open_batch(entry.payload);
    if (!opened) return true;
    for (auto bytes = opened->events.rbegin(); bytes != opened->events.rend(); ++bytes) {
      auto event = policy::decode_event(*bytes);
      if (!event || event->flow_id() != flow_id) continue;
      const bool first = event->kind() == event::KIND_OPENED;
      events.push_back(std::move(*event));
      if (first) return false;
    }
    return true;
  };
  static_cast<void>(
      streams->scan_backwards(policy::flow_stream(settings, number->worker), kEntriesMax, visit));
  return events;
}

}  // namespace

std::vector<event::FlowEvent> recorded_events(const Settings& settings, policy::Store& store,
                                              const std::string& flow_id) {
  std::vector<event::FlowEvent> events = in_stream(settings, flow_id);
  std::ranges::reverse(events);
  if (!events.empty() && events.back().kind() == event::KIND_FINAL) return events;
  const auto kept = store.flow(flow_id);
  if (!kept) return events;
  if (auto last = policy::kept_event(kept->event)) events.push_back(std::move(*last));
  return events;
}

}  // namespace weir::ctl
