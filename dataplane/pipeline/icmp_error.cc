// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/icmp_error.h"

#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/release.h"

namespace weir::dataplane {

bool end_icmp_error(Path& path, Batch& batch, std::size_t i) noexcept {
  PacketMeta& meta = batch.metas[i];
  const Bytes frame = frame_of(batch.packets[i]);
  if (batch.slots[i] == kNoSlot) {
    follow_own_flow(frame, path.hash_seed, meta);
    batch.slots[i] = path.flows.lookup(meta.key, meta.hash);
    return false;
  }
  const FlowHot& hot = path.flows.hot(batch.slots[i]);
  FlowRest& rest = path.flows.rest(batch.slots[i]);
  const bool from_initiator = meta.source_is_low == ((hot.flags & kInitiatorIsLow) != 0);
  batch.directions[i] = from_initiator ? Direction::kFromInitiator : Direction::kFromResponder;
  if (rest.icmp_errors < UINT8_MAX) ++rest.icmp_errors;
  rest.icmp_error = icmp_error_of(frame, meta);
  path.icmp_senders.note({ref_of(path, batch.slots[i]), sender_of(frame, meta), batch.directions[i]});
  ++path.counters.icmp_errors;
  if (hot.state == FlowState::kDecided && hot.verdict != VerdictAction::kForward) {
    batch.end(i, Fate::kDrop, drop_reason_of(hot));
  } else {
    batch.end(i, Fate::kForward);
  }
  return true;
}

}  // namespace weir::dataplane
