// SPDX-License-Identifier: Apache-2.0
// Cuts a TCP packet that is to leave without the last of its bytes.
#pragma once

#include "dataplane/packet/packet_meta.h"

struct rte_mbuf;

namespace weir::dataplane {

/// A packet of one piece, in no tunnel; others have lengths and sums besides its own.
[[nodiscard]] bool can_be_shortened(const rte_mbuf* packet, const PacketMeta& meta) noexcept;

/// Leaves `payload_bytes` (fewer than it has) and no FIN. `meta` follows.
void shorten(rte_mbuf* packet, PacketMeta& meta, std::uint16_t payload_bytes) noexcept;

}  // namespace weir::dataplane
