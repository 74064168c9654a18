// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/refuse.h"

#include <rte_mbuf.h>

#include "dataplane/packet/build.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/position.h"
#include "dataplane/pipeline/send_built.h"

namespace weir::dataplane {

namespace {

/// One RST at `number`; at the one that the packet itself tells without it.
void reset_at(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta,
              std::uint8_t port, ResetTarget target, std::optional<std::uint32_t> number) noexcept {
  const Bytes frame = frame_of(packet);
  const auto build = [&](auto room) { return build_reset(frame, meta, target, room, number); };
  send_built(path, target == ResetTarget::kSender ? port : port ^ 1U, build, slot);
}

/// A receiver takes a RST at the very next number alone, and one beyond its window it does not even answer
/// (RFC 5961 section 3). It stands where the stream has left Weir, or, when its buffer had no room for the
/// last of it, still at what it acknowledged.
void reset_both_ends(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta,
                     std::uint8_t port, Direction direction, const Standing& standing) noexcept {
  const auto tell = [&](ResetTarget target, std::optional<std::uint32_t> left,
                        std::optional<std::uint32_t> acknowledged) {
    reset_at(path, slot, packet, meta, port, target, left);
    if (left && acknowledged && *left != *acknowledged)
      reset_at(path, slot, packet, meta, port, target, acknowledged);
  };
  const std::size_t here = index_of(direction);
  const std::size_t there = index_of(opposite(direction));
  std::optional<std::uint32_t> to_receiver = standing.left[here];
  const Injection* edited = edits_of(path, slot);
  if (!to_receiver && edited != nullptr) to_receiver = edited->edits[here].to_receiver(meta.tcp_sequence);
  tell(ResetTarget::kSender, standing.left[there], standing.acknowledged[there]);
  tell(ResetTarget::kReceiver, to_receiver, standing.acknowledged[here]);
}

}  // namespace

void refuse(Path& path, std::uint32_t slot, const rte_mbuf* packet, const PacketMeta& meta, std::uint8_t port,
            Direction direction, const Standing& standing) noexcept {
  std::uint8_t& told = path.flows.rest(slot).told[index_of(direction)];
  // An end that did not believe the RST asks with a bare acknowledgement (RFC 5961 section 3.2), which says
  // what it expects; those that it sent before are on their way as well.
  const bool asks = meta.kind == PacketKind::kTcp && meta.payload_bytes == 0;
  if (told >= (asks ? kResetsToldMax : 1U)) return;
  const bool asks_again = told > 0;
  ++told;
  if (meta.kind == PacketKind::kTcp && (meta.tcp_flags & kTcpRst) != 0) return;  // never answer an RST
  ++path.counters.resets;
  if (asks_again) {
    reset_at(path, slot, packet, meta, port, ResetTarget::kSender, std::nullopt);
  } else if (meta.kind == PacketKind::kTcp) {
    reset_both_ends(path, slot, packet, meta, port, direction, standing);
  } else {
    const Bytes frame = frame_of(packet);
    const auto reason =
        meta.kind == PacketKind::kUdp ? UnreachableReason::kPort : UnreachableReason::kProhibited;
    const auto to_sender = [&](auto room) { return build_unreachable(frame, meta, reason, room); };
    send_built(path, port, to_sender, slot);
  }
}

}  // namespace weir::dataplane
