// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/refuse.h"

#include <rte_mbuf.h>

#include "dataplane/packet/build.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/position.h"
#include "dataplane/pipeline/send_built.h"

namespace weir::dataplane {

void refuse(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta, std::uint8_t port,
            Direction direction, const Positions& left) noexcept {
  std::uint8_t& told = path.flows.rest(slot).told[index_of(direction)];
  // An end that did not believe the RST asks with a bare acknowledgement (RFC 5961 section 3.2), which says
  // what it expects; those that it sent before are on their way as well.
  const bool asks = meta.kind == PacketKind::kTcp && meta.payload_bytes == 0;
  if (told >= (asks ? kResetsToldMax : 1U)) return;
  ++told;
  if (meta.kind == PacketKind::kTcp && (meta.tcp_flags & kTcpRst) != 0) return;  // never answer an RST
  ++path.counters.resets;
  const Bytes frame = frame_of(packet);
  if (meta.kind == PacketKind::kTcp) {
    std::optional<std::uint32_t> at_receiver = left[index_of(direction)];
    const Injection* edited = edits_of(path, slot);
    if (!at_receiver && edited != nullptr) {
      at_receiver = edited->edits[index_of(direction)].to_receiver(meta.tcp_sequence);
    }
    const auto to_sender = [&](auto room) {
      return build_reset(frame, meta, ResetTarget::kSender, room, left[index_of(opposite(direction))]);
    };
    const auto to_receiver = [&](auto room) {
      return build_reset(frame, meta, ResetTarget::kReceiver, room, at_receiver);
    };
    send_built(path, port, to_sender, slot);
    send_built(path, port ^ 1U, to_receiver, slot);
  } else {
    const auto reason =
        meta.kind == PacketKind::kUdp ? UnreachableReason::kPort : UnreachableReason::kProhibited;
    const auto to_sender = [&](auto room) { return build_unreachable(frame, meta, reason, room); };
    send_built(path, port, to_sender, slot);
  }
}

}  // namespace weir::dataplane
