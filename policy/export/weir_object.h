// SPDX-License-Identifier: Apache-2.0
// What Weir knows beyond the formats: the object `weir` of EVE and ECS, in the words of docs/events.md.
#pragma once

#include "policy/export/json_writer.h"
#include "policy/model/flow_event.pb.h"

namespace weir::output {

/// `hit`: of an alert; null for records of the flow.
void write_weir(JsonWriter& json, const event::FlowEvent& event, const event::Hit* hit, bool people);

}  // namespace weir::output
