// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/release.h"

#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/refuse.h"
#include "dataplane/pipeline/shorten.h"
#include "dataplane/pipeline/treat.h"

namespace weir::dataplane {
namespace {

ParkedPacket take(Path& path, std::uint32_t index) noexcept {
  const ParkedPacket taken = path.parking.take(index);
  path.counters.ports[taken.port].parked -= frame_count(taken.packet);
  return taken;
}

void let_go(Path& path, const ParkedPacket& taken) noexcept {
  if ((path.flows.hot(taken.slot).flags & kTreated) != 0) {
    const DropReason reason = treat(path, taken.slot, taken.packet, taken.meta, taken.direction);
    if (reason != DropReason::kNone) {
      path.out.drop(taken.port, taken.packet, reason);
      return;
    }
  }
  path.out.forward(taken.port, taken.packet);
}

void judge_packet(Path& path, std::uint32_t index, ExceptionCause cause) noexcept {
  const ParkedPacket& parked = path.parking.at(index);
  const std::uint32_t slot = parked.slot;
  const Judgement judgement = judge_exception(path, cause, parked.port, slot);
  if (path.flows.hot(slot).state == FlowState::kDecided) {
    release_if_decided(path, slot);
  } else if (judgement.forward) {
    release_packet(path, index);
  } else {
    drop_packet(path, index, judgement.reason);
  }
}

}  // namespace

void release_packet(Path& path, std::uint32_t index) noexcept { let_go(path, take(path, index)); }

bool release_before(Path& path, std::uint32_t index, std::uint32_t end) noexcept {
  const ParkedPacket& parked = path.parking.at(index);
  if (!can_be_shortened(parked.packet, parked.meta)) return false;
  ParkedPacket taken = take(path, index);
  shorten(taken.packet, taken.meta, static_cast<std::uint16_t>(end - taken.meta.tcp_sequence));
  let_go(path, taken);
  return true;
}

void drop_packet(Path& path, std::uint32_t index, DropReason reason) noexcept {
  const ParkedPacket taken = take(path, index);
  path.out.drop(taken.port, taken.packet, reason);
}

void release_by_verdict(Path& path, std::uint32_t slot, VerdictAction verdict) noexcept {
  const Inspection* judged = path.inspections.of(slot);
  // Before anything is dropped: afterwards what was seen says no more how much has left.
  Standing standing;
  if (verdict == VerdictAction::kReset) standing = {positions_of(path, slot), acknowledged_of(path, slot)};
  while (judged != nullptr && judged->parked_head != kNoParked) {
    const std::uint32_t index = judged->parked_head;
    if (verdict == VerdictAction::kForward) {
      release_packet(path, index);
    } else if (verdict == VerdictAction::kDrop) {
      drop_packet(path, index, drop_reason_of(path.flows.hot(slot)));
    } else {
      const ParkedPacket& parked = path.parking.at(index);
      refuse(path, slot, parked.packet, parked.meta, parked.port, parked.direction, standing);
      drop_packet(path, index, DropReason::kPolicyReset);
    }
  }
}

void release_if_decided(Path& path, std::uint32_t slot) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  if (hot.state != FlowState::kDecided) return;
  release_by_verdict(path, slot, hot.verdict);
  path.inspections.release(slot);
}

void release_by_exception(Path& path, std::uint32_t slot, ExceptionCause cause) noexcept {
  for (const Inspection* judged = path.inspections.of(slot);
       judged != nullptr && judged->parked_head != kNoParked; judged = path.inspections.of(slot)) {
    judge_packet(path, judged->parked_head, cause);
  }
}

void release_all_by_exception(Path& path, ExceptionCause cause) noexcept {
  while (path.parking.oldest() != kNoParked) judge_packet(path, path.parking.oldest(), cause);
}

void release_overdue(Path& path, TimeNs now) noexcept {
  for (std::uint32_t looks = 0; looks < kOverdueLooksMax; ++looks) {
    const std::uint32_t oldest = path.parking.oldest();
    if (oldest == kNoParked) return;
    const ParkedPacket& parked = path.parking.at(oldest);
    if (now - parked.since < path.deadline_ns) return;
    set_flag(path.flows.hot(parked.slot), kAnswerLate);
    if (Inspection* judged = path.inspections.of(parked.slot)) judged->late_until = now + path.deadline_ns;
    judge_packet(path, oldest, ExceptionCause::kClassifierSlow);
  }
}

}  // namespace weir::dataplane
