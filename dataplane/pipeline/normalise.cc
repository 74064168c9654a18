// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/normalise.h"

#include <rte_mbuf.h>

#include "dataplane/packet/rewrite.h"
#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {

/// Data of a SYN are taken only with a cookie that Weir cannot check (RFC 7413): without them the handshake
/// goes on as any, and the client sends them again after it.
void cut_syn_data(Path& path, rte_mbuf* packet, PacketMeta& meta) noexcept {
  const auto bytes = static_cast<std::uint16_t>(cut_payload(writable_frame_of(packet), meta, 0));
  packet->data_len = bytes;
  packet->pkt_len = bytes;
  meta.l3_bytes = static_cast<std::uint16_t>(meta.l3_bytes - meta.payload_bytes);
  meta.payload_bytes = 0;
  ++path.counters.syn_data_cut;
}

}  // namespace

bool normalise_alone(Path& path, Batch& batch, std::size_t i) noexcept {
  PacketMeta& meta = batch.metas[i];
  if (meta.kind != PacketKind::kTcp) return true;
  const bool in_fragments =
      batch.packets[i]->nb_segs > 1;  // these leave as they came: nothing of them changes
  if (lacks_ack(meta)) {
    batch.end(i, Fate::kDrop, DropReason::kTcpNoAck);
    return false;
  }
  if ((meta.tcp_flags & kTcpUrg) != 0) {
    UrgentAction urgent = path.pairs[batch.pair()].urgent;
    if (urgent == UrgentAction::kClear && in_fragments) urgent = UrgentAction::kDrop;
    if (urgent == UrgentAction::kDrop && (meta.payload_bytes > 0 || in_fragments)) {
      batch.end(i, Fate::kDrop, DropReason::kTcpUrgent);
      return false;
    }
    // The classifier is shown what a receiver reads that takes every byte in its place.
    meta.tcp_flags &= static_cast<std::uint8_t>(~kTcpUrg);
    if (urgent != UrgentAction::kPass) {
      clear_urgent(writable_frame_of(batch.packets[i]), meta);
      ++path.counters.urgent_cleared;
    }
  }
  if (meta.payload_bytes == 0) return true;
  if ((meta.tcp_flags & kTcpSyn) != 0) {
    if (in_fragments) {
      batch.end(i, Fate::kDrop, DropReason::kTcpHandshake);
      return false;
    }
    cut_syn_data(path, batch.packets[i], meta);
  }
  // What follows an RST is a remark to the reader of a trace (RFC 9293 section 3.10.7), never data.
  if ((meta.tcp_flags & kTcpRst) != 0) meta.payload_bytes = 0;
  return true;
}

bool normalise_in_flow(Path& path, Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (meta.kind != PacketKind::kTcp) return true;
  const std::uint32_t slot = batch.slots[i];
  // Where Weir put bytes in, the two ends count differently.
  if ((path.flows.hot(slot).flags & kEdited) != 0) return true;
  Inspection* judged = path.inspections.ensure(slot);
  if (judged == nullptr) return true;  // lenient: the stream still keeps its first copy
  const Direction direction = batch.directions[i];
  note_side(judged->tcp, direction, batch.port % 2U);
  const bool noted = may_acknowledge(path, slot, direction, batch.port);
  const SegmentJudgement judgement =
      judge_segment(judged->tcp, frame_of(batch.packets[i]), meta, direction, noted);
  if (both_seen(judged->tcp)) path.inspections.promote(*judged);
  if (judgement.use == SegmentUse::kTake) return true;
  if (judgement.use == SegmentUse::kDrop) {
    batch.end(i, Fate::kDrop, judgement.reason);
  } else {
    ++path.counters.passed_by;
    batch.end(i, Fate::kForward);
  }
  return false;
}

bool may_acknowledge(Path& path, std::uint32_t slot, Direction direction, std::uint8_t port) noexcept {
  if (!path.normalise) return true;
  if (!comes_from_its_side(path, slot, direction, port)) return false;
  const Inspection* judged = path.inspections.of(slot);
  return judged == nullptr || may_acknowledge(judged->tcp, direction, port % 2U);
}

}  // namespace weir::dataplane
