// SPDX-License-Identifier: Apache-2.0
// What is known about a flow, as fields of its event: one function a protocol, strings through clean_text.
#pragma once

#include "policy/model/flow_event.pb.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

void fill_facts(event::FlowEvent& event, const FlowFacts& facts);

}  // namespace weir::classifier
