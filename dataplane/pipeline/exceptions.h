// SPDX-License-Identifier: Apache-2.0
// The exception table: what happens to a packet that Weir is kept from judging. One function, so that every
// case is counted and noted with its flow.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Looks the cause up in the table of the port's pair, counts it, and notes it with the flow (kNoSlot: none).
/// kBypass: the flow is decided from here on; the caller lets go what waits of it
/// (release_if_decided).
[[nodiscard]] ExceptionAction apply_exception(Path& path, ExceptionCause cause, std::uint8_t port,
                                              std::uint32_t slot) noexcept;

/// Counts and notes what was not the table's to choose.
void note_exception(Path& path, ExceptionCause cause, ExceptionAction action, std::uint32_t slot) noexcept;

/// As apply_exception, for a packet of a known flow. A flow that is being decided again keeps its old verdict
/// instead: a policy change must not cut connections because the classifier is busy.
struct Judgement {
  bool forward = false;
  DropReason reason = DropReason::kNone;
};
[[nodiscard]] Judgement judge_exception(Path& path, ExceptionCause cause, std::uint8_t port,
                                        std::uint32_t slot) noexcept;

/// Ends packet `i` of the batch by judge_exception.
void end_by_exception(Path& path, Batch& batch, std::size_t i, ExceptionCause cause) noexcept;

}  // namespace weir::dataplane
