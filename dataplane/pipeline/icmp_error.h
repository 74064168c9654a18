// SPDX-License-Identifier: Apache-2.0
// Part of the track stage: an ICMP error goes the way of the flow that it is about. Its bytes are shown to
// nobody: it quotes what passed before.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Notes packet `i`, a kIcmpError, with its flow and ends it: dropped where the flow is refused, else
/// forwarded; the flow lives no longer for it. False: nobody knows that flow, and the packet is one of a flow
/// of its own.
[[nodiscard]] bool end_icmp_error(Path& path, Batch& batch, std::size_t i) noexcept;

}  // namespace weir::dataplane
