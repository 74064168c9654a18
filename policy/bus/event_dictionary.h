// SPDX-License-Identifier: Apache-2.0
// What the compression of event_batch.h knows of events before it has seen one: the bytes of some that could
// be. Part of the format: other bytes are another format number, under which the old ones stay readable.
#pragma once

#include <string>

namespace weir::policy {

/// Always the same bytes.
[[nodiscard]] std::string event_dictionary();

}  // namespace weir::policy
