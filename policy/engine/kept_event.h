// SPDX-License-Identifier: Apache-2.0
// An event as the store keeps it: its bytes, as an entry of one event could hold them (event_batch.h), in
// base64. JSON, as earlier versions kept it, can be read.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"

namespace weir::policy {

/// Of a serialised event.
[[nodiscard]] std::string keep_event(std::string_view bytes);
/// kCorrupt: it is not such a text, or the event does not pass decode_event.
[[nodiscard]] Result<event::FlowEvent> kept_event(const std::string& text);

}  // namespace weir::policy
