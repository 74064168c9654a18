// SPDX-License-Identifier: Apache-2.0
// What ends the wait of parked packets. Each takes packets out of the parking and forwards, drops or refuses
// them.
#pragma once

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Forwards (or drops) one parked packet.
void release_packet(Path& path, std::uint32_t index) noexcept;
/// Forwards the bytes of a parked TCP packet that stand before `end`, which lies within it. False: it cannot
/// be shortened, and waits on.
[[nodiscard]] bool release_before(Path& path, std::uint32_t index, std::uint32_t end) noexcept;
void drop_packet(Path& path, std::uint32_t index, DropReason reason) noexcept;

/// Why packets of a flow with the verdict kDrop are dropped.
[[nodiscard]] inline DropReason drop_reason_of(const FlowHot& hot) noexcept {
  return (hot.flags & kExcepted) != 0 ? DropReason::kException : DropReason::kPolicyDrop;
}

/// Applies a verdict to everything of the flow that waits.
void release_by_verdict(Path& path, std::uint32_t slot, VerdictAction verdict) noexcept;

/// As release_by_verdict, of a flow that was decided by itself (bypassed); else nothing.
void release_if_decided(Path& path, std::uint32_t slot) noexcept;

/// Asks the exception table for each packet of the flow that waits.
void release_by_exception(Path& path, std::uint32_t slot, ExceptionCause cause) noexcept;

/// As release_by_exception for everything that waits, of all flows.
void release_all_by_exception(Path& path, ExceptionCause cause) noexcept;

/// Ends the wait of packets that are older than the inspection deadline; their flows are no longer parked
/// until the classifier answers for them.
void release_overdue(Path& path, TimeNs now) noexcept;

}  // namespace weir::dataplane
