// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/recorded_flow.h"

#include <algorithm>

#include "policy/bus/stream_registry.h"
#include "policy/ctl/recorded_events.h"
#include "policy/engine/kept_event.h"
#include "policy/evidence/captures.h"

namespace weir::ctl {
namespace {

constexpr std::uint64_t kEventsMax = 200'000;  // of the stream, from its newest on

/// Newest first.
std::vector<event::FlowEvent> in_stream(const Settings& settings, const std::string& flow_id) {
  std::vector<event::FlowEvent> events;
  const auto number = evidence::number_in(flow_id);
  auto streams = open_streams(settings);
  if (!number || !streams) return events;
  const auto visit = [&](const event::FlowEvent& event, TimeNs /*recorded*/) {
    if (event.flow_id() != flow_id) return true;
    events.push_back(event);
    return event.kind() != event::KIND_OPENED;
  };
  static_cast<void>(walk_back(*streams, policy::flow_stream(settings, number->worker), kEventsMax, visit));
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
