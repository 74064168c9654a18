// SPDX-License-Identifier: Apache-2.0
// All that was said of one flow.
#pragma once

#include <string>

#include "policy/model/error.h"
#include "policy/model/flow_event.pb.h"
#include "policy/model/settings.h"

namespace weir::ctl {

/// The newest event of the flow with the hits of all, from the streams, else from the store. kNotFound: it is
/// in neither; kUnavailable: it is not where one could look.
[[nodiscard]] Result<event::FlowEvent> find_flow(const Settings& settings, const std::string& flow_id);

}  // namespace weir::ctl
