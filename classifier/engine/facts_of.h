// SPDX-License-Identifier: Apache-2.0
// What a request of the channel says, as the classifier's terms.
#pragma once

#include "classifier/engine/flow_context.h"
#include "classifier/identity/client_table.h"
#include "dataplane/channel/channel.h"

namespace weir::classifier {

[[nodiscard]] FlowFacts facts_of(const channel::FlowOpened& opened, TimeNs started);
/// Within a tunnel the frames' hardware address is that of the tunnel's end, whoever is inside.
[[nodiscard]] ClientPlace place_of(const FlowFacts& facts);
/// The L4 payload of a packet, as much of it as was sent here.
[[nodiscard]] Bytes payload_of(const channel::Request& request);
/// A fragment without an L4 header: nothing above IP can be judged.
[[nodiscard]] bool is_later_fragment(const channel::Request& request, std::uint8_t protocol);
/// Type and code of a flow's first ICMP packet.
void note_icmp(FlowContext& flow, const channel::Request& request);

}  // namespace weir::classifier
