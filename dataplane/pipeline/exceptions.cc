// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/exceptions.h"

namespace weir::dataplane {

ExceptionAction apply_exception(Path& path, ExceptionCause cause, std::uint8_t port,
                                std::uint32_t slot) noexcept {
  const auto index = static_cast<std::size_t>(cause);
  const ExceptionAction action = path.pairs[port / 2U].exceptions[index];
  ++path.counters.exceptions[index][static_cast<std::size_t>(action)];
  if (slot != kNoSlot) path.flows.rest(slot).exceptions |= 1U << index;
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
  const bool pass = apply_exception(path, cause, port, slot) == ExceptionAction::kPass;
  return {pass, pass ? DropReason::kNone : DropReason::kException};
}

void end_by_exception(Path& path, Batch& batch, std::size_t i, ExceptionCause cause) noexcept {
  const Judgement judgement = judge_exception(path, cause, batch.port, batch.slots[i]);
  if (judgement.forward) {
    batch.end(i, Fate::kForward);
  } else {
    batch.end(i, Fate::kDrop, judgement.reason);
  }
}

}  // namespace weir::dataplane
