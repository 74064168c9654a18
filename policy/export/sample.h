// SPDX-License-Identifier: Apache-2.0
// An event that says of itself that it is a test, for weirctl export test.
#pragma once

#include <string>

#include "policy/model/flow_event.pb.h"
#include "policy/model/time.h"

namespace weir::output {

inline constexpr const char* kSampleRule = "weir-export-test";

/// A flow between addresses that are kept for documentation (RFC 5737), which ended now and was blocked by
/// kSampleRule.
[[nodiscard]] event::FlowEvent sample_event(const std::string& appliance, TimeNs now);

}  // namespace weir::output
