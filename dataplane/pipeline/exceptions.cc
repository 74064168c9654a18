// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exceptions.h"

#include "dataplane/pipeline/release.h"

namespace weir::dataplane {

void note_exception(Path& path, ExceptionCause cause, ExceptionAction action, std::uint32_t slot) noexcept {
  const auto index = static_cast<std::size_t>(cause);
  ++path.counters.exceptions[index][static_cast<std::size_t>(action)];
  if (slot != kNoSlot) path.flows.rest(slot).exceptions |= static_cast<std::uint16_t>(1U << index);
}

ExceptionAction apply_exception(Path& path, ExceptionCause cause, std::uint8_t port,
                                std::uint32_t slot) noexcept {
  const ExceptionAction action = path.pairs[port / 2U].exceptions[static_cast<std::size_t>(cause)];
  note_exception(path, cause, action, slot);
  if (action == ExceptionAction::kBypass && slot != kNoSlot) {
    FlowHot& hot = path.flows.hot(slot);
    hot.state = FlowState::kDecided;
    hot.verdict = VerdictAction::kForward;
    hot.level = channel::InspectedLevel::kBypass;
    hot.policy_revision = path.policy_revision;
    clear_flag(hot, kExpires);
  }
  return action;
}

Judgement judge_exception(Path& path, ExceptionCause cause, std::uint8_t port, std::uint32_t slot) noexcept {
  if (slot != kNoSlot) {
    const FlowHot& hot = path.flows.hot(slot);
    if ((hot.flags & kDecidingAgain) != 0) {
      ++path.counters.old_verdict_kept;
      return {hot.verdict == VerdictAction::kForward, DropReason::kPolicyDrop};
    }
  }
  const bool drop = apply_exception(path, cause, port, slot) == ExceptionAction::kDrop;
  return {!drop, drop ? DropReason::kException : DropReason::kNone};
}

void end_by_exception(Path& path, Batch& batch, std::size_t i, ExceptionCause cause) noexcept {
  const Judgement judgement = judge_exception(path, cause, batch.port, batch.slots[i]);
  if (judgement.forward) {
    if (batch.slots[i] != kNoSlot) release_if_decided(path, batch.slots[i]);  // those before it go first
    batch.end(i, Fate::kForward);
  } else {
    batch.end(i, Fate::kDrop, judgement.reason);
  }
}

}  // namespace weir::dataplane
