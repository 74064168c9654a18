// SPDX-License-Identifier: Apache-2.0
// The end of a flow: what still waits is judged, the classifier is told with the counters, the slot is freed.
// A message that finds the channel full waits in a bounded list; one that finds the list full is counted as
// lost.
#pragma once

#include <vector>

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Why a flow that is idle or taken over ended, as its TCP state and verdict tell.
[[nodiscard]] channel::EndReason end_reason(const FlowHot& hot) noexcept;

[[nodiscard]] channel::NetworkPerformance network_performance(Path& path, std::uint32_t slot) noexcept;

void close_flow(Path& path, std::uint32_t slot, channel::EndReason reason, TimeNs now) noexcept;

/// Ends up to kExpiriesPerTurn idle flows.
void expire_flows(Path& path, TimeNs now) noexcept;

/// Sends what waits, as far as the channel takes it. True when nothing waits any more.
bool retry_closes(Path& path, TimeNs now) noexcept;

}  // namespace weir::dataplane
