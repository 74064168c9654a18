// SPDX-License-Identifier: Apache-2.0
// Network performance of a TCP flow as a bridge sees it, without sending anything: handshake round trips,
// retransmissions, holes, zero windows. It tells on which side of Weir bytes are lost: a segment that was
// seen before was lost after Weir (or its acknowledgement was), a hole was lost, or overtaken, before Weir.
#pragma once

#include "dataplane/flow/flow_table.h"

namespace weir::dataplane {

/// Every TCP packet. Touches the cold line alone.
void measure_segment(FlowHot& hot, FlowCold& cold, const PacketMeta& meta, Direction direction) noexcept;

/// Packets of the handshake, after the state was followed; `before` is the state that the packet met.
/// `elapsed` ns since the flow's first packet.
void measure_handshake(FlowHot& hot, FlowCold& cold, channel::TcpState before, const PacketMeta& meta,
                       Direction direction, TimeNs elapsed) noexcept;

/// What was seen from `end` on is as if it had not come: Weir kept it, and its sender will repeat it.
void forget_seen(FlowCold& cold, Direction direction, std::uint32_t end) noexcept;

}  // namespace weir::dataplane
