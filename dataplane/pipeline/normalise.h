// SPDX-License-Identifier: Apache-2.0
// The part of tracking that keeps what a receiver may ignore away from a TCP flow that is still judged: such
// a packet is dropped under a name of its own, passed by unbelieved, or made into what its receiver reads for
// certain (no urgent data, no data in a SYN). The rules are in flow/tcp_normalise.h; here they meet packet
// buffers and settings. Flows that merely follow their verdict never come here.
#pragma once

#include "dataplane/pipeline/batch.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

/// Before packet `i` of the batch opens a flow; ends it and returns false when it must not.
bool normalise_alone(Path& path, Batch& batch, std::size_t i) noexcept;

/// Packet `i` within its flow; its direction is known. False: it may change no state and is ended already.
bool normalise_in_flow(Path& path, Batch& batch, std::size_t i) noexcept;

/// Whether a packet of this direction says the truth about what it acknowledges, as far as the port where it
/// came in tells. Every packet of a capture does: it has one port.
[[nodiscard]] bool may_acknowledge(Path& path, std::uint32_t slot, Direction direction,
                                   std::uint8_t port) noexcept;

}  // namespace weir::dataplane
