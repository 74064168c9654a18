// SPDX-License-Identifier: Apache-2.0
// What the last event of a flow adds to the sums of flows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/model/flow_event.pb.h"
#include "policy/store/flow_sums.h"

namespace weir::policy {

/// The categories that the policy in force names and that hold this host name.
using CategoryJudge = std::function<std::vector<std::string>(const std::string& host)>;

/// `event` is the last of its flow and has passed decode_event; the sample looks into it and into
/// `categories`.
[[nodiscard]] FlowSample flow_sample_of(const event::FlowEvent& event,
                                        const std::vector<std::string>& categories);

}  // namespace weir::policy
