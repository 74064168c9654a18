// SPDX-License-Identifier: Apache-2.0
// A pair in bypass: its frames leave at the other port unseen. Nothing is parsed, no flow is found or
// followed. What the pair's flows missed meanwhile is settled when the bypass begins: those that were being
// judged are ended (their stream would have a hole), those that are decided keep their verdict.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

[[nodiscard]] inline bool in_bypass(const Path& path, std::size_t pair) noexcept {
  return (path.bypassed_pairs >> pair & 1U) != 0;
}

/// Every packet of the batch is counted and sent.
void forward_unseen(Path& path, Batch& batch) noexcept;

/// Pairs `pairs` (bit n: pair n) are in bypass from here on, and no others; what waits of them is sent.
void set_bypass(Path& path, std::uint32_t pairs) noexcept;

/// Settles some flows of pairs in bypass each turn, until all are.
void settle_bypassed(Path& path, TimeNs now) noexcept;

}  // namespace weir::dataplane
