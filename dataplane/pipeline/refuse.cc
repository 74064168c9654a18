// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/refuse.h"

#include <rte_mbuf.h>

#include "dataplane/packet/build.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/position.h"

namespace weir::dataplane {
namespace {

/// Builds into a fresh buffer with `build(room) -> bytes` and sends it out of `egress`.
template <typename Build>
void send_built(Path& path, std::uint8_t egress, Build build) noexcept {
  rte_mbuf* built = rte_pktmbuf_alloc(path.packets);
  if (built == nullptr) {
    ++path.counters.ports[egress].injected_lost;
    return;
  }
  auto* room = static_cast<std::uint8_t*>(built->buf_addr) + built->data_off;
  const std::size_t bytes = build(std::span<std::uint8_t>(room, rte_pktmbuf_tailroom(built)));
  if (bytes == 0) {
    rte_pktmbuf_free(built);
    return;
  }
  built->data_len = static_cast<std::uint16_t>(bytes);
  built->pkt_len = static_cast<std::uint32_t>(bytes);
  path.out.inject(egress, built);
}

}  // namespace

void refuse(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta, std::uint8_t port,
            Direction direction, const Positions& left) noexcept {
  FlowRest& rest = path.flows.rest(slot);
  if ((rest.reset_told & bit_of(direction)) != 0) return;
  rest.reset_told |= bit_of(direction);
  if (meta.kind == PacketKind::kTcp && (meta.tcp_flags & kTcpRst) != 0) return;  // never answer an RST
  ++path.counters.resets;
  const Bytes frame = frame_of(packet);
  if (meta.kind == PacketKind::kTcp) {
    send_built(path, port, [&](auto room) {
      return build_reset(frame, meta, ResetTarget::kSender, room, left[index_of(opposite(direction))]);
    });
    send_built(path, port ^ 1U, [&](auto room) {
      return build_reset(frame, meta, ResetTarget::kReceiver, room, left[index_of(direction)]);
    });
  } else {
    const auto reason =
        meta.kind == PacketKind::kUdp ? UnreachableReason::kPort : UnreachableReason::kProhibited;
    send_built(path, port, [&](auto room) { return build_unreachable(frame, meta, reason, room); });
  }
}

}  // namespace weir::dataplane
