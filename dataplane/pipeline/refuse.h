// SPDX-License-Identifier: Apache-2.0
// Tells the ends of a flow that it is refused: RST to both for TCP, each at the sequence number that this end
// expects (at two, when it may not have taken what was on its way); ICMP "port unreachable" to the sender for
// UDP, so that a browser that tries QUIC falls back at once; "administratively prohibited" for the rest. At
// most once for each direction of a flow, and a few times more for an end that asks, so that a flood is not
// answered with a flood.
#pragma once

#include "dataplane/pipeline/position.h"

namespace weir::dataplane {

/// How far the streams went, where nothing was dropped yet, and what the receivers said of it.
struct Standing {
  Positions left{};
  Positions acknowledged{};
};

/// `packet`, with its `meta`, came in at `port` and does not leave; it stays the caller's. Without a
/// `standing` the packet's own numbers are believed.
void refuse(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta, std::uint8_t port,
            Direction direction, const Standing& standing = {}) noexcept;

}  // namespace weir::dataplane
