// SPDX-License-Identifier: Apache-2.0
// Elastic Common Schema 8.11, one document for the end of a flow and one for each hit. What the schema has no
// field for is under the one key `weir`.
#pragma once

#include "policy/export/encoder.h"

namespace weir::output {

[[nodiscard]] Line ecs_line(const event::FlowEvent& event, const event::Hit* hit, bool people);

}  // namespace weir::output
