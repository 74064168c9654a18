// SPDX-License-Identifier: Apache-2.0
// A flow event in words: who, what, which rule of which revision, and why, step by step.
#pragma once

#include <string>

#include "policy/model/flow_event.pb.h"

namespace weir::ctl {

[[nodiscard]] std::string explain_in_words(const event::FlowEvent& event);

}  // namespace weir::ctl
