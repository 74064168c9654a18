// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/answers.h"

#include "dataplane/flow/measure.h"
#include "dataplane/packet/tcp_options.h"
#include "dataplane/pipeline/capture.h"
#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/inject.h"
#include "dataplane/pipeline/release.h"
#include "dataplane/pipeline/treat.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kAnswersAtOnce = 32;

bool is_exception(const channel::Answer& answer) noexcept {
  return answer.exception != 0 && answer.exception <= kExceptionCauses;
}

/// Its old verdict was a policy's, and stands where the new one cannot be told: the classifier may have come
/// to it in the middle of a stream.
bool keeps_old_verdict(Path& path, const channel::Answer& answer) noexcept {
  const FlowHot& hot = path.flows.hot(answer.flow.slot);
  return is_exception(answer) && (hot.flags & kDecidingAgain) != 0 && hot.policy_revision != 0;
}

/// The table's word when the classifier met an exception, else the classifier's.
VerdictAction action_of(Path& path, const channel::Answer& answer) noexcept {
  if (!is_exception(answer)) return answer.action;
  if (keeps_old_verdict(path, answer)) {
    ++path.counters.old_verdict_kept;
    return path.flows.hot(answer.flow.slot).verdict;
  }
  const auto cause = static_cast<ExceptionCause>(answer.exception - 1);
  const auto port = static_cast<std::uint8_t>(2U * path.flows.hot(answer.flow.slot).key.pair);
  const ExceptionAction action = apply_exception(path, cause, port, answer.flow.slot);
  if (action != ExceptionAction::kDrop) return VerdictAction::kForward;
  return answer.action == VerdictAction::kForward ? VerdictAction::kDrop : answer.action;
}

/// The oldest packet of the flow that waits.
std::uint32_t first_parked(Path& path, const channel::Answer& answer) noexcept {
  const Inspection* judged = path.inspections.of(answer.flow.slot);
  return judged == nullptr ? kNoParked : judged->parked_head;
}

/// Packets of one direction that were shown under a number up to `through`.
void release_through(Path& path, const channel::Answer& answer) noexcept {
  std::uint32_t index = first_parked(path, answer);
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    const std::uint32_t next = parked.flow_next;
    if (parked.direction == answer.direction && not_after(parked.number, answer.through))
      release_packet(path, index);
    index = next;
  }
}

std::uint32_t find_parked(Path& path, const channel::Answer& answer) noexcept {
  std::uint32_t index = first_parked(path, answer);
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    if (parked.direction == answer.direction && parked.number == answer.through) break;
    index = parked.flow_next;
  }
  return index;
}

/// Packets of one direction that were shown under a number up to `through`.
void drop_through(Path& path, const channel::Answer& answer, DropReason reason) noexcept {
  std::uint32_t index = first_parked(path, answer);
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    const std::uint32_t next = parked.flow_next;
    if (parked.direction == answer.direction && not_after(parked.number, answer.through))
      drop_packet(path, index, reason);
    index = next;
  }
}

/// The rate of a flow that is still looked at: a decided one keeps its own, whatever was on its way with it.
void renew_limit(Path& path, const channel::Answer& answer) noexcept {
  const FlowHot& hot = path.flows.hot(answer.flow.slot);
  if (hot.state == FlowState::kDecided) return;
  const bool limited = (hot.flags & kLimited) != 0;
  if (limited || answer.limit_bytes_s != 0) begin_treatment(path, answer, VerdictAction::kForward);
}

void apply_release(Path& path, const channel::Answer& answer) noexcept {
  if (action_of(path, answer) == VerdictAction::kForward) {
    renew_limit(path, answer);
    release_through(path, answer);
    release_if_decided(path, answer.flow.slot);
    return;
  }
  // Only an exception gets here: its row says drop, or the old verdict did.
  drop_through(path, answer, DropReason::kException);
}

void apply_final(Path& path, const channel::Answer& answer) noexcept {
  FlowHot& hot = path.flows.hot(answer.flow.slot);
  const bool kept = keeps_old_verdict(path, answer);
  hot.verdict = action_of(path, answer);
  if (hot.verdict == VerdictAction::kReset && path.pairs[hot.key.pair].block == BlockAction::kDrop)
    hot.verdict = VerdictAction::kDrop;
  if (!kept) {
    clear_flag(hot, kExcepted);
    if (answer.exception != 0 && hot.verdict == VerdictAction::kDrop) set_flag(hot, kExcepted);
  }
  hot.state = FlowState::kDecided;
  hot.policy_revision = answer.policy_revision;
  path.policy_missing = path.policy_missing || answer.policy_revision == 0;
  clear_flag(hot, kDecidingAgain);
  ++path.counters.decided;
  begin_treatment(path, answer, hot.verdict);
  hot.check = check_of(hot);
  if (answer.exception == 0) capture_verdict(path, answer.flow.slot);
  release_by_verdict(path, answer.flow.slot, hot.verdict);
  path.inspections.release(answer.flow.slot);
}

channel::Answer reset_of(const channel::Answer& answer) noexcept {
  channel::Answer reset;
  reset.type = channel::AnswerType::kFinal;
  reset.action = VerdictAction::kReset;
  reset.flow = answer.flow;
  reset.policy_revision = answer.policy_revision;
  return reset;
}

void apply_skip(Path& path, const channel::Answer& answer) noexcept {
  renew_limit(path, answer);
  release_through(path, answer);
  Inspection* judged = path.inspections.ensure(answer.flow.slot);
  if (judged == nullptr) return;  // it will be shown what it does not want to see
  const std::size_t direction = index_of(answer.direction);
  judged->skip_active |= bit_of(answer.direction);
  if (path.flows.hot(answer.flow.slot).key.protocol != kProtocolTcp) {
    judged->skip_end[direction] = answer.skip_bytes;
    return;
  }
  judged->skip_from[direction] = answer.skip_from_sequence;
  judged->skip_end[direction] = answer.skip_from_sequence + answer.skip_bytes;
}

/// Lets go what precedes a byte of the stream; the rest was never there for anybody.
void apply_cut(Path& path, const channel::Answer& answer) noexcept {
  const std::uint32_t slot = answer.flow.slot;
  const std::uint32_t end = answer.skip_from_sequence;
  std::uint32_t index = first_parked(path, answer);
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    const std::uint32_t next = parked.flow_next;
    const bool meant = parked.direction == answer.direction && not_after(parked.number, answer.through);
    if (meant && !sequence_before(end, sequence_end(parked.meta))) {
      release_packet(path, index);
    } else if (meant && sequence_before(parked.meta.tcp_sequence, end)) {
      if (!release_before(path, index, end)) return apply_final(path, reset_of(answer));
    } else if (meant) {
      drop_packet(path, index, DropReason::kCut);
    }
    index = next;
  }
  forget_seen(path.flows.cold(slot), answer.direction, end);
}

/// Where the ends of the pair shall notice less than words, a reset or nothing takes their place.
void apply_inject(Path& path, const channel::Answer& answer) noexcept {
  const FlowHot& hot = path.flows.hot(answer.flow.slot);
  if (path.pairs[hot.key.pair].block != BlockAction::kAnswer && hot.state != FlowState::kDecided)
    return apply_final(path, reset_of(answer));
  inject(path, answer, path.channel->inject_payload());
}

void apply(Path& path, const channel::Answer& answer) noexcept {
  if (answer.type == channel::AnswerType::kPolicyRevision) {
    path.policy_revision = answer.policy_revision;
    path.policy_missing = false;
    return;
  }
  if (path.flows.resolve(answer.flow) == kNoSlot) {
    ++path.counters.answers_stale;
    return;
  }
  clear_flag(path.flows.hot(answer.flow.slot), kAnswerLate);
  if (answer.keep != 0) capture_hit(path, answer.flow.slot);
  std::uint32_t index = kNoParked;
  switch (answer.type) {
    case channel::AnswerType::kRelease:
      apply_release(path, answer);
      break;
    case channel::AnswerType::kFinal:
      apply_final(path, answer);
      break;
    case channel::AnswerType::kSkip:
      apply_skip(path, answer);
      break;
    case channel::AnswerType::kDropPacket:
      if (answer.swallow != 0) {
        drop_through(path, answer, DropReason::kConflict);
        break;
      }
      index = find_parked(path, answer);
      if (index != kNoParked)
        drop_packet(path, index, answer.ahead != 0 ? DropReason::kAhead : DropReason::kConflict);
      break;
    case channel::AnswerType::kReleasePacket:
      index = find_parked(path, answer);
      if (index == kNoParked) break;
      if (action_of(path, answer) == VerdictAction::kForward) {
        release_packet(path, index);
        release_if_decided(path, answer.flow.slot);
      } else {
        drop_packet(path, index, DropReason::kException);
      }
      break;
    case channel::AnswerType::kCut:
      apply_cut(path, answer);
      break;
    case channel::AnswerType::kInject:
      apply_inject(path, answer);
      break;
    case channel::AnswerType::kPolicyRevision:
    case channel::AnswerType::kInjectMore:  // the channel hands on none
      break;
  }
}

}  // namespace

std::uint32_t apply_answers(Path& path) noexcept {
  std::uint32_t applied = 0;
  std::array<channel::Answer, kAnswersAtOnce> answers{};
  while (path.channel != nullptr && applied < kAnswersPerTurn) {
    const std::size_t count = path.channel->drain(answers);
    for (std::size_t i = 0; i < count; ++i) apply(path, answers[i]);
    applied += static_cast<std::uint32_t>(count);
    // A payload ends a call of drain before its time.
    if (count == 0 || (count < answers.size() && answers[count - 1].type != channel::AnswerType::kInject))
      break;
  }
  path.counters.answers += applied;
  return applied;
}

}  // namespace weir::dataplane
