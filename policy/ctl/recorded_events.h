// SPDX-License-Identifier: Apache-2.0
// The events that the flow streams hold, for commands that look back. Those that cannot be read are left out:
// the engine counts and keeps them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "policy/bus/stream_browser.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"

namespace weir::ctl {

/// An event, and when its entry was appended, by Redis's clock. False: no more.
using EventVisitor = std::function<bool(const event::FlowEvent& event, TimeNs recorded)>;

/// Whether events come with the steps of their decision, which are half of their bytes.
enum class DecisionPath : std::uint8_t { kRead, kLeftOut };

/// Walks a stream from its newest event backwards, at most `events_max`. `walked`: after each entry, when it
/// was appended.
[[nodiscard]] Result<void> walk_back(policy::StreamBrowser& streams, const std::string& stream,
                                     std::uint64_t events_max, const EventVisitor& visit,
                                     const std::function<void(TimeNs)>& walked = {},
                                     DecisionPath path = DecisionPath::kRead);

/// The events of one entry, the one that was said last first. False: `visit` wants no more.
bool visit_backwards(const policy::StreamEntry& entry, DecisionPath path, const EventVisitor& visit);

/// The events of one entry, in the order in which they were said.
void visit_events(const policy::StreamEntry& entry, const EventVisitor& visit);

}  // namespace weir::ctl
