// SPDX-License-Identifier: Apache-2.0
// What was known of a flow when an event was said, as far as rules ask for it: the way back from an event to
// the facts that `decide` judged (classifier/publish/event_facts.h is the way there).
#pragma once

#include <vector>

#include "policy/model/flow_event.pb.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

/// Of an event that was decoded (event_codec.h).
[[nodiscard]] FlowFacts recorded_facts(const event::FlowEvent& event);
/// What was known of the quotas of the rules that the flow met.
[[nodiscard]] QuotaTable recorded_quotas(const event::FlowEvent& event);
/// Those that kept rules silent.
[[nodiscard]] std::vector<ClickThrough> recorded_clicks(const event::FlowEvent& event);

}  // namespace weir::policy
