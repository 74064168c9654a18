// SPDX-License-Identifier: Apache-2.0
// Packets of flows into whose streams Weir put bytes, or from which it took some (StreamEdit).
#pragma once

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// A packet of a kEdited flow is about to leave: its numbers become those of its receiver. kAnswered when
/// it repeats what its receiver must not get; its sender is then told that it arrived.
[[nodiscard]] DropReason edit_packet(Path& path, std::uint32_t slot, rte_mbuf* packet, const PacketMeta& meta,
                                     Direction direction) noexcept;

}  // namespace weir::dataplane
