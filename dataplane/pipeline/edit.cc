// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/edit.h"

#include "dataplane/packet/build.h"
#include "dataplane/packet/rewrite.h"
#include "dataplane/packet/tcp_options.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/position.h"
#include "dataplane/pipeline/send_built.h"
#include "dataplane/pipeline/shorten.h"

namespace weir::dataplane {

DropReason edit_packet(Path& path, std::uint32_t slot, rte_mbuf* packet, const PacketMeta& meta,
                       Direction direction) noexcept {
  const Injection* injection = path.injections.of(slot);
  if (injection == nullptr || meta.kind != PacketKind::kTcp) return DropReason::kNone;
  if (packet->nb_segs > 1) return DropReason::kAnswered;  // fragments cannot be renumbered
  const StreamEdit& sent = injection->edits[index_of(direction)];
  const StreamEdit& received = injection->edits[index_of(opposite(direction))];
  const bool open = sent.inserted != 0 || sent.removed != 0;
  const std::uint32_t end = meta.tcp_sequence + meta.payload_bytes;
  if (open && meta.tcp_sequence - sent.at < sent.removed && meta.payload_bytes > 0) {
    const std::uint8_t port = injection->receiver == direction ? injection->port : injection->port ^ 1U;
    send_built(path, port, [&](auto room) {
      return build_segment(frame_of(packet), meta, ResetTarget::kSender,
                           {.sequence = meta.tcp_acknowledgement,
                            .acknowledgement = sent.at + sent.removed,
                            .window = kInjectWindow,
                            .flags = kTcpAck,
                            .payload = {}},
                           room);
    });
    return DropReason::kAnswered;
  }
  PacketMeta left = meta;
  if (open && sequence_before(meta.tcp_sequence, sent.at) && sequence_before(sent.at, end)) {
    // Sent again together with what follows the edit: its sender repeats the rest, which then has numbers of
    // its own.
    shorten(packet, left, static_cast<std::uint16_t>(sent.at - meta.tcp_sequence));
  }
  renumber(writable_frame_of(packet), left, sent, received);
  return DropReason::kNone;
}

}  // namespace weir::dataplane
