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

Result<void> walk_back(policy::StreamBrowser& streams, const std::string& stream, std::uint64_t events_max,
                       const EventVisitor& visit) {
  std::uint64_t visited = 0;
  const auto backwards = [&](const policy::StreamEntry& entry) {
    const auto batch = policy::open_batch(entry.payload);
    if (!batch) return true;
    for (const std::string_view bytes : std::views::reverse(batch->events)) {
      if (visited++ == events_max) return false;
      const auto event = policy::decode_event(bytes);
      if (event && !visit(*event, recorded_at(entry.id))) return false;
    }
    return true;
  };
  const auto walked = streams.scan_backwards(stream, UINT64_MAX, backwards);
  if (!walked) return tl::unexpected(walked.error());
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
