// SPDX-License-Identifier: Apache-2.0
// An event as the store keeps it: a text of base64, of an event batch of that one event (event_batch.h).
// JSON, as earlier versions kept it, can be read.
#pragma once

#include <string>

#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"

namespace weir::policy {

[[nodiscard]] std::string keep_event(const event::FlowEvent& event);
/// kCorrupt: it is not such a text, or the event does not pass decode_event.
[[nodiscard]] Result<event::FlowEvent> kept_event(const std::string& text);

}  // namespace weir::policy
