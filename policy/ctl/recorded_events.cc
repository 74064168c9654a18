// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/recorded_events.h"

#include <charconv>
#include <ranges>

#include "policy/bus/event_batch.h"
#include "policy/engine/event_codec.h"

namespace weir::ctl {
namespace {

/// An entry's id is Unix milliseconds, `-`, a number.
TimeNs recorded_at(const std::string& entry_id) {
  std::int64_t milliseconds = 0;
  std::from_chars(entry_id.data(), entry_id.data() + entry_id.size(), milliseconds);
  return milliseconds * kMillisecond;
}

}  // namespace

bool visit_backwards(const policy::StreamEntry& entry, DecisionPath path, const EventVisitor& visit) {
  const auto batch = policy::open_batch(entry.payload);
  if (!batch) return true;
  const TimeNs recorded = recorded_at(entry.id);
  event::FlowEvent whole;
  policy::EventReader without_path;
  for (const std::string_view bytes : std::views::reverse(batch->events)) {
    if (path == DecisionPath::kLeftOut) {
      const auto event = without_path.read(bytes);
      if (event && !visit(**event, recorded)) return false;
    } else if (policy::decode_event(bytes, whole) && !visit(whole, recorded)) {
      return false;
    }
  }
  return true;
}

Result<void> walk_back(policy::StreamBrowser& streams, const std::string& stream, std::uint64_t events_max,
                       const EventVisitor& visit, const std::function<void(TimeNs)>& walked,
                       DecisionPath path) {
  std::uint64_t visited = 0;
  const EventVisitor counted = [&](const event::FlowEvent& event, TimeNs recorded) {
    return visited++ < events_max && visit(event, recorded);
  };
  const auto done = streams.scan_backwards(stream, UINT64_MAX, [&](const policy::StreamEntry& entry) {
    const bool more = visit_backwards(entry, path, counted);
    if (walked) walked(recorded_at(entry.id));
    return more;
  });
  if (!done) return tl::unexpected(done.error());
  return {};
}

void visit_events(const policy::StreamEntry& entry, const EventVisitor& visit) {
  const auto batch = policy::open_batch(entry.payload);
  if (!batch) return;
  for (const std::string_view bytes : batch->events) {
    const auto event = policy::decode_event(bytes);
    if (event && !visit(*event, recorded_at(entry.id))) return;
  }
}

}  // namespace weir::ctl
