// SPDX-License-Identifier: Apache-2.0
// All that was said of a flow, as far as it is still known.
#pragma once

#include <string>
#include <vector>

#include "policy/ctl/context.h"
#include "policy/model/flow_event.pb.h"

namespace weir::ctl {

/// In their order: out of the stream of its worker, or where that has forgotten it the last one out of the
/// store. Empty: neither knows it.
[[nodiscard]] std::vector<event::FlowEvent> recorded_events(const Settings& settings, policy::Store& store,
                                                            const std::string& flow_id);

}  // namespace weir::ctl
