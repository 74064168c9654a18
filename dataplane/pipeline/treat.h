// SPDX-License-Identifier: Apache-2.0
// What a verdict adds to "forward": a rate, a mark, a time after which the flow is asked about again. Only
// flows with one of the kTreated flags get here; the others pay one look at their flags.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Takes up what a kFinal says besides its action, in place of what the flow had before.
void begin_treatment(Path& path, const channel::Answer& answer, VerdictAction verdict) noexcept;
/// The flow ends.
void end_treatment(Path& path, std::uint32_t slot) noexcept;
/// Of a decided flow.
[[nodiscard]] bool verdict_expired(Path& path, std::uint32_t slot) noexcept;

/// A packet of a flow with one of kTreated that is about to leave; kNone when it may. The mark goes into the
/// outermost IP header: that is the one by which the next hops queue.
[[nodiscard]] DropReason treat(Path& path, std::uint32_t slot, rte_mbuf* packet, const PacketMeta& meta,
                               Direction direction) noexcept;
/// The same for a packet of the batch whose fate was kForward.
void treat(Path& path, Batch& batch, std::size_t i) noexcept;
/// The same for one of a decided flow, which no stage before has looked into.
void treat_decided(Path& path, Batch& batch, std::size_t i) noexcept;

}  // namespace weir::dataplane
