// SPDX-License-Identifier: Apache-2.0
// Tells the ends of a flow that it is refused: RST to both for TCP, ICMP "administratively prohibited" to the
// sender for the rest. At most once for each direction of a flow, so that a flood is not answered with a
// flood.
#pragma once

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// `packet`, with its `meta`, came in at `port` and does not leave; it stays the caller's.
void refuse(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta, std::uint8_t port,
            Direction direction) noexcept;

}  // namespace weir::dataplane
