// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/inject.h"

#include <algorithm>

#include "dataplane/flow/measure.h"
#include "dataplane/packet/build.h"
#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/tcp_options.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/position.h"
#include "dataplane/pipeline/release.h"
#include "dataplane/pipeline/send_built.h"

namespace weir::dataplane {
namespace {

/// The packet that is answered: the one named, else the oldest of its direction that waits.
std::uint32_t find_question(Path& path, const channel::Answer& answer) noexcept {
  const Inspection* judged = path.inspections.of(answer.flow.slot);
  std::uint32_t oldest = kNoParked;
  std::uint32_t index = judged == nullptr ? kNoParked : judged->parked_head;
  for (; index != kNoParked; index = path.parking.at(index).flow_next) {
    const ParkedPacket& parked = path.parking.at(index);
    if (parked.direction != answer.direction) continue;
    if (parked.number == answer.through) return index;
    if (oldest == kNoParked) oldest = index;
  }
  return oldest;
}

void decide(Path& path, const channel::Answer& answer, VerdictAction verdict) noexcept {
  FlowHot& hot = path.flows.hot(answer.flow.slot);
  hot.verdict = verdict;
  hot.state = FlowState::kDecided;
  hot.policy_revision = path.policy_revision;
  clear_flag(hot, kDecidingAgain);
  clear_flag(hot, kExpires);
  hot.check = check_of(hot);
  ++path.counters.decided;
  capture_verdict(path, answer.flow.slot);
}

/// An answer that cannot be given must not leave the question unanswered, nor let it pass.
void refuse_instead(Path& path, const channel::Answer& answer) noexcept {
  ++path.counters.answers_refused;
  decide(path, answer, VerdictAction::kReset);
  release_by_verdict(path, answer.flow.slot, VerdictAction::kReset);
  path.inspections.release(answer.flow.slot);
}

/// Drops what waits of one direction up to `through`, or of both (nullptr).
void drop_parked(Path& path, std::uint32_t slot, const channel::Answer* up_to) noexcept {
  const Inspection* judged = path.inspections.of(slot);
  std::uint32_t index = judged == nullptr ? kNoParked : judged->parked_head;
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    const std::uint32_t next = parked.flow_next;
    if (up_to == nullptr ||
        (parked.direction == up_to->direction && not_after(parked.number, up_to->through)))
      drop_packet(path, index, DropReason::kAnswered);
    index = next;
  }
}

void end_flow(Path& path, const channel::Answer& answer) noexcept {
  FlowHot& hot = path.flows.hot(answer.flow.slot);
  decide(path, answer, VerdictAction::kDrop);
  set_flag(hot, kAnswered);
  // Forgotten soon, and a SYN may take the tuple at once.
  if (hot.tcp_state != channel::TcpState::kNone) hot.tcp_state = channel::TcpState::kClosing;
  path.flows.rest(answer.flow.slot).told = {static_cast<std::uint8_t>(answer.direction), 0};
  drop_parked(path, answer.flow.slot, nullptr);
  path.inspections.release(answer.flow.slot);
}

void answer_datagram(Path& path, const channel::Answer& answer, std::uint32_t index, Bytes payload) noexcept {
  const ParkedPacket& question = path.parking.at(index);
  const bool sent = send_built(path, question.port, [&](auto room) {
    return build_datagram(frame_of(question.packet), question.meta, payload, room);
  });
  if (!sent) return refuse_instead(path, answer);
  ++path.counters.answers_given;
  if (answer.inject_end == channel::InjectEnd::kClose) return end_flow(path, answer);
  drop_parked(path, answer.flow.slot, &answer);
}

/// Keeps the headers of the question; false when they are too long.
bool remember(Injection& injection, const ParkedPacket& question) noexcept {
  const Bytes frame = frame_of(question.packet);
  if (question.meta.outer_l3_offset != 0) return false;  // what carries it has lengths and sums of its own
  if (question.meta.payload_offset > injection.head.size()) return false;
  injection.head_bytes = question.meta.payload_offset;
  std::copy_n(frame.begin(), injection.head_bytes, injection.head.begin());
  injection.meta = question.meta;
  injection.meta.payload_bytes = 0;
  injection.meta.l3_bytes =
      static_cast<std::uint16_t>(question.meta.payload_offset - question.meta.l3_offset);
  set_link_length(injection.head, 0, injection.head_bytes);
  injection.receiver = question.direction;
  injection.port = question.port;
  return true;
}

/// From byte `from` of the payload on; false when nothing could be sent.
bool send_payload(Path& path, const Injection& injection, std::uint16_t from) noexcept {
  static_assert(channel::kInjectBytesMax <= 4 * kSegmentBytesMax, "segments of one answer");
  Bytes left = Bytes{injection.payload}.first(injection.payload_bytes).subspan(from);
  TcpSegment segment;
  segment.sequence = injection.first + from;
  segment.acknowledgement = injection.acknowledgement;
  segment.window = kInjectWindow;
  bool sent = true;
  do {
    segment.payload = left.first(std::min(left.size(), kSegmentBytesMax));
    left = left.subspan(segment.payload.size());
    segment.flags = kTcpAck;
    if (left.empty()) segment.flags |= injection.closes ? kTcpPsh | kTcpFin : kTcpPsh;
    sent = send_built(path, injection.port,
                      [&](auto room) {
                        return build_segment(injection.frame(), injection.meta, ResetTarget::kSender, segment,
                                             room);
                      }) &&
           sent;
    segment.sequence += static_cast<std::uint32_t>(segment.payload.size());
  } while (!left.empty());
  return sent;
}

void append(Injection& injection, Bytes payload) noexcept {
  std::copy(payload.begin(), payload.end(), injection.payload.begin() + injection.payload_bytes);
  injection.payload_bytes = static_cast<std::uint16_t>(injection.payload_bytes + payload.size());
}

void begin(Injection& injection, std::uint32_t first, Bytes payload) noexcept {
  injection.first = first;
  injection.payload_bytes = injection.acknowledged = 0;
  injection.attempts = injection.repeats = 0;
  append(injection, payload);
}

void answer_and_close(Path& path, const channel::Answer& answer, std::uint32_t index,
                      Bytes payload) noexcept {
  const std::uint32_t slot = answer.flow.slot;
  const ParkedPacket question = path.parking.at(index);
  const Positions left = positions_of(path, slot);
  Injection* injection = path.injections.ensure(slot);
  if (injection == nullptr || injection->waits() || !remember(*injection, question)) {
    return refuse_instead(path, answer);
  }
  // All that its sender has sent counts as arrived: nobody else will ever say so.
  std::uint32_t arrived = sequence_end(question.meta);
  for (std::uint32_t i = path.inspections.of(slot)->parked_head; i != kNoParked;) {
    const ParkedPacket& parked = path.parking.at(i);
    const std::uint32_t end = sequence_end(parked.meta);
    if (parked.direction == question.direction && sequence_before(arrived, end)) arrived = end;
    i = parked.flow_next;
  }
  const std::optional<std::uint32_t> position = left[index_of(opposite(question.direction))];
  begin(*injection, position.value_or(question.meta.tcp_acknowledgement), payload);
  injection->acknowledgement = arrived;
  injection->closes = true;
  if (send_payload(path, *injection, 0)) ++path.counters.answers_given;
  path.injections.set_due(*injection, path.now + kInjectionResendNs);
  send_built(path, question.port ^ 1U, [&](auto room) {
    return build_reset(frame_of(question.packet), question.meta, ResetTarget::kReceiver, room,
                       left[index_of(question.direction)]);
  });
  end_flow(path, answer);
}

/// The bytes of one direction that wait up to `through`, when they may be taken out of the stream: nothing
/// before them waits, nothing in them opens or ends it.
struct Swallowed {
  std::uint32_t from = 0;
  std::uint32_t end = 0;
  bool possible = false;
};
Swallowed find_swallowed(Path& path, const channel::Answer& answer) noexcept {
  Swallowed found;
  const std::optional<std::uint32_t> left = left_up_to(path, answer.flow.slot, answer.direction);
  if (!left) return found;
  found = {.from = *left, .end = *left, .possible = true};
  for (std::uint32_t i = path.inspections.of(answer.flow.slot)->parked_head; i != kNoParked;) {
    const ParkedPacket& parked = path.parking.at(i);
    i = parked.flow_next;
    if (parked.direction != answer.direction || !not_after(parked.number, answer.through)) continue;
    if ((parked.meta.tcp_flags & (kTcpSyn | kTcpFin)) != 0) found.possible = false;
    if (sequence_before(found.end, parked.meta.tcp_sequence)) found.possible = false;  // a hole
    if (sequence_before(found.end, sequence_end(parked.meta))) found.end = sequence_end(parked.meta);
  }
  if (answer.skip_bytes != 0) {  // not all of them
    const std::uint32_t end = answer.skip_from_sequence + answer.skip_bytes;
    found.possible =
        found.possible && found.from == answer.skip_from_sequence && sequence_before(found.from, end);
    found.end = end;
  }
  return found;
}

/// Takes the swallowed bytes out of the stream of their sender; false when an older edit stands in the way.
bool take_out(StreamEdit& stream, const Swallowed& swallowed) noexcept {
  if (stream.removed == 0 && stream.inserted == 0) {
    stream.at = swallowed.from;
  } else if (stream.at + stream.removed != swallowed.from) {
    return false;
  }
  stream.removed += swallowed.end - swallowed.from;
  return true;
}

/// What of the question's direction its sender may be told to have arrived: no more than what the other end
/// said itself, before the bytes that Weir took upon itself.
std::uint32_t acknowledgement_for(Path& path, const channel::Answer& answer, const StreamEdit& stream,
                                  std::uint32_t left) noexcept {
  const std::uint32_t all = answer.swallow != 0 ? stream.at + stream.removed : left;
  const Inspection* judged = path.inspections.of(answer.flow.slot);
  const std::size_t direction = index_of(answer.direction);
  if (judged == nullptr || (judged->delivered_known & bit_of(answer.direction)) == 0) return all;
  const std::uint32_t delivered = stream.to_sender(judged->delivered[direction]);
  return sequence_before(delivered, all) ? delivered : all;
}

void answer_and_continue(Path& path, const channel::Answer& answer, std::uint32_t index,
                         Bytes payload) noexcept {
  const std::uint32_t slot = answer.flow.slot;
  const ParkedPacket question = path.parking.at(index);
  const Direction other = opposite(question.direction);
  Injection* injection = path.injections.ensure(slot);
  if (injection == nullptr) return refuse_instead(path, answer);
  StreamEdit ours = injection->edits[index_of(other)];
  StreamEdit theirs = injection->edits[index_of(question.direction)];
  const std::uint32_t at =
      left_up_to(path, slot, other).value_or(ours.to_sender(question.meta.tcp_acknowledgement));
  const bool more = injection->waits();
  // A second answer before the first was acknowledged follows it at once, or not at all.
  const bool fits =
      more ? ours.at == at && injection->payload_bytes + payload.size() <= injection->payload.size()
           : ours.inserted == 0 && ours.removed == 0;
  const Swallowed swallowed = find_swallowed(path, answer);
  if (!fits || !swallowed.possible || (answer.swallow != 0 && !take_out(theirs, swallowed)) ||
      !remember(*injection, question)) {
    return refuse_instead(path, answer);
  }
  const std::uint16_t from = more ? injection->payload_bytes : std::uint16_t{0};
  if (more) {
    append(*injection, payload);
  } else {
    ours.at = at;
    begin(*injection, at + ours.before, payload);
  }
  ours.inserted += static_cast<std::uint32_t>(payload.size());
  injection->edits[index_of(other)] = ours;
  injection->edits[index_of(question.direction)] = theirs;
  injection->acknowledgement = acknowledgement_for(path, answer, theirs, swallowed.from);
  set_flag(path.flows.hot(slot), kEdited);
  if (send_payload(path, *injection, from)) ++path.counters.answers_given;
  path.injections.set_due(*injection, path.now + kInjectionResendNs);
  if (answer.swallow == 0) return;
  drop_parked(path, slot, &answer);
  forget_seen(path.flows.cold(slot), answer.direction, swallowed.end);
}

/// Nothing of it is needed any more.
void forget_if_idle(Path& path, const Injection& injection) noexcept {
  FlowHot& hot = path.flows.hot(injection.slot);
  if (injection.waits() || ((hot.flags & kEdited) != 0 && injection.changes())) return;
  clear_flag(hot, kEdited);
  path.injections.release(injection.slot);
}

/// What is sent again has the values of the receiver's last packet: to one that has heard of the other end
/// since the question, those of the question are out of date, and it would drop them for that (RFC 7323
/// section 5).
void renew_time_stamps(Injection& injection, Bytes frame, const PacketMeta& meta) noexcept {
  const Bytes now = tcp_option(frame, meta, kTcpTimeStamps);
  const Bytes before = tcp_option(injection.frame(), injection.meta, kTcpTimeStamps);
  if (now.size() != kTcpTimeStampBytes || before.size() != kTcpTimeStampBytes) return;
  std::ranges::copy(now, injection.head.begin() + (before.data() - injection.head.data()));
}

void note_acknowledgement(Path& path, Injection& injection, const PacketMeta& meta) noexcept {
  const auto acked = static_cast<std::int32_t>(meta.tcp_acknowledgement - injection.first);
  const std::int32_t all = injection.payload_bytes + (injection.closes ? 1 : 0);
  if (acked >= all || ((meta.tcp_flags & kTcpRst) != 0)) {
    injection.payload_bytes = 0;
    path.injections.set_due(injection, Injections::kNever);
  } else if (acked > injection.acknowledged) {
    injection.acknowledged = static_cast<std::uint16_t>(acked);
    injection.attempts = injection.repeats = 0;
  } else if (acked == injection.acknowledged && meta.payload_bytes == 0) {
    // RFC 5681 section 3.2: the third repetition means a loss.
    if (++injection.repeats == 3) static_cast<void>(send_payload(path, injection, injection.acknowledged));
  }
}

}  // namespace

void inject(Path& path, const channel::Answer& answer, Bytes payload) noexcept {
  const FlowHot& hot = path.flows.hot(answer.flow.slot);
  if (hot.state == FlowState::kDecided && hot.verdict != VerdictAction::kForward) {
    ++path.counters.answers_refused;  // it has its end already
    return;
  }
  const std::uint32_t index = find_question(path, answer);
  if (index == kNoParked) return refuse_instead(path, answer);
  switch (path.parking.at(index).meta.kind) {
    case PacketKind::kUdp:
      return answer_datagram(path, answer, index, payload);
    case PacketKind::kTcp:
      return answer.inject_end == channel::InjectEnd::kClose
                 ? answer_and_close(path, answer, index, payload)
                 : answer_and_continue(path, answer, index, payload);
    default:
      return refuse_instead(path, answer);
  }
}

void resend_overdue(Path& path, TimeNs now) noexcept {
  for (std::uint32_t sent = 0; sent < kResendsPerTurn; ++sent) {
    Injection* injection = path.injections.take_due(now);
    if (injection == nullptr) return;
    if (++injection->attempts <= kInjectionAttemptsMax) {
      ++path.counters.answers_resent;
      static_cast<void>(send_payload(path, *injection, injection->acknowledged));
      path.injections.set_due(*injection, now + (kInjectionResendNs << injection->attempts));
      continue;
    }
    ++path.counters.answers_lost;
    injection->payload_bytes = 0;
    const std::uint32_t slot = injection->slot;
    if (!injection->closes) refuse_instead(path, {.flow = {slot, path.flows.hot(slot).generation}});
    forget_if_idle(path, *injection);
  }
}

void follow_injection(Path& path, const Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  const Direction direction = batch.directions[i];
  Injection* injection = path.injections.of(batch.slots[i]);
  if (injection == nullptr || meta.kind != PacketKind::kTcp || (meta.tcp_flags & (kTcpAck | kTcpRst)) == 0)
    return;
  if (injection->waits() && direction == injection->receiver) {
    renew_time_stamps(*injection, frame_of(batch.packets[i]), meta);
    note_acknowledgement(path, *injection, meta);
  }
  StreamEdit& stream = injection->edits[index_of(opposite(direction))];
  const bool open = stream.inserted != 0 || stream.removed != 0;
  const std::uint32_t past = stream.at + stream.before + stream.inserted;
  if (open && (meta.tcp_flags & kTcpAck) != 0 && !sequence_before(meta.tcp_acknowledgement, past))
    stream.settle();
  forget_if_idle(path, *injection);
}

void end_conversation(Path& path, const Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (meta.kind != PacketKind::kTcp) return;
  const std::uint32_t slot = batch.slots[i];
  follow_injection(path, batch, i);
  if ((meta.tcp_flags & kTcpRst) != 0) return;
  std::uint8_t& replies = path.flows.rest(slot).told[1];
  if (replies == kAnsweredRepliesMax) return;
  const Bytes frame = frame_of(batch.packets[i]);
  const bool sent = send_built(path, batch.port, [&](auto room) -> std::size_t {
    if (static_cast<std::uint8_t>(batch.directions[i]) != path.flows.rest(slot).told[0]) {
      return build_reset(frame, meta, ResetTarget::kSender, room);
    }
    if (sequence_end(meta) == meta.tcp_sequence) return 0;  // a bare acknowledgement
    return build_segment(frame, meta, ResetTarget::kSender,
                         {.sequence = meta.tcp_acknowledgement,
                          .acknowledgement = sequence_end(meta),
                          .window = kInjectWindow,
                          .flags = kTcpAck,
                          .payload = {}},
                         room);
  });
  if (sent) ++replies;
}

}  // namespace weir::dataplane
