// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/inspect.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <algorithm>

#include "dataplane/pipeline/closing.h"
#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/inject.h"
#include "dataplane/pipeline/normalise.h"
#include "dataplane/pipeline/position.h"
#include "dataplane/pipeline/treat.h"

namespace weir::dataplane {
namespace {

bool ends_connection(const PacketMeta& meta) {
  return meta.kind == PacketKind::kTcp && (meta.tcp_flags & (kTcpFin | kTcpRst)) != 0;
}

bool is_bare_tcp(const PacketMeta& meta) { return meta.kind == PacketKind::kTcp && meta.payload_bytes == 0; }

/// Without those in the caches of cores, which would take a walk over all of them.
unsigned free_buffers(const rte_mempool* pool) {
  return rte_mempool_get_ops(pool->ops_index)->get_count(pool);
}

}  // namespace

void InspectStage::operator()(Batch& batch, TimeNs now) noexcept {
  asks_again_left_ = kAsksAgainPerBurst;
  for (std::size_t i = batch.first; i < batch.last; ++i) {
    if (batch.fates[i] != Fate::kOpen) continue;
    const FlowHot& hot = path_.flows.hot(batch.slots[i]);
    if (hot.state != FlowState::kDecided) {
      if ((hot.flags & kEdited) != 0) follow_injection(path_, batch, i);
      inspect(batch, i, now);
      note_delivered(batch, i);
    } else if (((hot.policy_revision ^ path_.policy_revision) | (hot.flags & kExpires)) != 0) {
      if (path_.channel == nullptr || !is_outdated(batch, i)) continue;
      decide_again(batch, i, now);
    } else {
      continue;
    }
    // What enforce is not asked about any more.
    if (batch.fates[i] == Fate::kForward && (hot.flags & kTreated) != 0) treat(path_, batch, i);
  }
}

void InspectStage::note_delivered(const Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (meta.kind != PacketKind::kTcp || (meta.tcp_flags & kTcpAck) == 0) return;
  Inspection* judged = path_.inspections.of(batch.slots[i]);
  if (judged == nullptr || !may_acknowledge(path_, batch.slots[i], batch.directions[i], batch.port)) return;
  const Direction acknowledged = opposite(batch.directions[i]);
  judged->delivered[index_of(acknowledged)] = meta.tcp_acknowledgement;
  judged->delivered_known |= bit_of(acknowledged);
}

/// Whether the verdict is of another policy, or its time is over. One that holds for a time is asked about at
/// the end of its connection as well: what was sent under it counts from then on, and not when the flow is
/// forgotten.
bool InspectStage::is_outdated(const Batch& batch, std::size_t i) noexcept {
  const std::uint32_t slot = batch.slots[i];
  const FlowHot& hot = path_.flows.hot(slot);
  if ((hot.flags & kAnswered) != 0) return false;  // it is over for both ends
  // Without a policy the same would be said again; when there is one, these flows are asked about.
  const bool without_policy = hot.policy_revision == 0 && path_.policy_missing;
  if (hot.policy_revision != path_.policy_revision && !without_policy) return true;
  if (verdict_expired(path_, slot)) {
    ++path_.counters.verdicts_expired;
    return true;
  }
  const bool ends = hot.verdict == VerdictAction::kForward && ends_connection(batch.metas[i]);
  if (!ends || asks_again_left_ == 0) return false;
  --asks_again_left_;
  return true;
}

/// The old verdict lets it through, and a classifier that knows the flow has all that the new one is made of:
/// nothing has to wait (docs/adr/0010).
bool InspectStage::goes_on(std::uint32_t slot) noexcept {
  const FlowHot& hot = path_.flows.hot(slot);
  return hot.verdict == VerdictAction::kForward && hot.policy_revision != 0 &&
         hot.policy_revision != path_.policy_revision && hot.level != InspectedLevel::kBypass &&
         path_.flows.rest(slot).channel_epoch == path_.epoch && !verdict_expired(path_, slot);
}

void InspectStage::decide_again(Batch& batch, std::size_t i, TimeNs now) noexcept {
  FlowHot& hot = path_.flows.hot(batch.slots[i]);
  if (goes_on(batch.slots[i])) {
    ++path_.counters.old_verdict_kept;
    if ((hot.flags & kDecidingAgain) != 0) return;  // its answer is on its way
    if (asks_again_left_ == 0) return;              // a later packet asks
    --asks_again_left_;
    set_flag(hot, kDecidingAgain);
    if (show(batch, i, false, now)) {
      ++path_.counters.decided_again;
    } else {
      clear_flag(hot, kDecidingAgain);  // no room now: the next packet tries again
    }
    return;
  }
  // What was not looked at is looked at now, if there is room for it; what passed unseen is not made good.
  const bool overloaded = path_.overload.level() == InspectedLevel::kBypass;
  if (hot.level == InspectedLevel::kBypass && !overloaded) {
    hot.level = std::max(path_.overload.level(), InspectedLevel::kNamesOnly);
  }
  // Should the channel have no room now, or the flow be kept from classifiers, the old verdict holds and the
  // next packet tries again.
  if (overloaded || is_quarantined(batch, i) || !announce(batch, i, now)) {
    ++path_.counters.old_verdict_kept;
    return;
  }
  set_flag(hot, kDecidingAgain);
  clear_flag(hot, kExpires);
  hot.state = FlowState::kUndecided;
  ++path_.counters.decided_again;
  inspect(batch, i, now);
}

void InspectStage::inspect(Batch& batch, std::size_t i, TimeNs now) noexcept {
  const std::uint32_t slot = batch.slots[i];
  if (is_midstream(slot, batch.port)) {
    end_by_exception(path_, batch, i, ExceptionCause::kMidstream);
    if (batch.fates[i] == Fate::kDrop || path_.flows.hot(slot).state == FlowState::kDecided) return;
    batch.end(i, Fate::kOpen);  // judged as far as it can be
  }
  if (path_.channel == nullptr || path_.simulation.hit(ExceptionCause::kClassifierGone)) {
    end_by_exception(path_, batch, i, ExceptionCause::kClassifierGone);
    return;
  }
  if (is_quarantined(batch, i)) {
    end_by_exception(path_, batch, i, ExceptionCause::kClassifierFault);
    return;
  }
  if (!may_look(batch, i)) {
    end_by_exception(path_, batch, i, ExceptionCause::kOverload);
    return;
  }
  if (within_skip(batch, i)) {
    ++path_.counters.packets_skipped;
    batch.end(i, Fate::kForward);
    return;
  }
  const Inspection* judged = path_.inspections.of(slot);
  const bool bare = is_bare_tcp(batch.metas[i]) &&
                    (judged == nullptr || !path_.parking.any_of(*judged, batch.directions[i]));
  // At l4 there is nothing in it to judge, and a flood of SYNs must not fill the channel.
  const bool unshown = bare && path_.flows.hot(slot).level >= InspectedLevel::kL4;
  const bool announced = !unshown && announce(batch, i, now);
  if (bare) {
    if (!announced || !show(batch, i, false, now)) ++path_.counters.packets_not_shown;
    batch.end(i, Fate::kForward);
    return;
  }
  if (!announced) {
    end_by_exception(path_, batch, i, ExceptionCause::kChannelFull);
    return;
  }
  park(batch, i, now);
}

void InspectStage::park(Batch& batch, std::size_t i, TimeNs now) noexcept {
  const std::uint32_t slot = batch.slots[i];
  if (const std::optional<ExceptionCause> cause = cannot_wait(batch, i)) {
    end_by_exception(path_, batch, i, *cause);
    // What leaves unjudged is shown all the same, so that the classifier's stream has no hole. What is
    // dropped is not: its sender will repeat it.
    const bool goes_on =
        batch.fates[i] == Fate::kForward && path_.flows.hot(slot).state != FlowState::kDecided;
    if (goes_on && !show(batch, i, false, now)) ++path_.counters.packets_not_shown;
    return;
  }
  if (path_.simulation.hit(ExceptionCause::kChannelFull) || !show(batch, i, true, now)) {
    end_by_exception(path_, batch, i, ExceptionCause::kChannelFull);
    return;
  }
  ParkedPacket parked;
  parked.packet = batch.packets[i];
  parked.since = now;
  parked.number = path_.packets_numbered;
  parked.slot = slot;
  parked.direction = batch.directions[i];
  parked.port = batch.port;
  parked.meta = batch.metas[i];
  path_.parking.park(parked);
  path_.counters.ports[batch.port].parked += frame_count(batch.packets[i]);
  batch.end(i, Fate::kParked);
}

/// Asked once for each classifier: what it knows already has not hurt it.
bool InspectStage::is_quarantined(const Batch& batch, std::size_t i) noexcept {
  const std::uint32_t slot = batch.slots[i];
  if (path_.flows.rest(slot).channel_epoch == path_.epoch) return false;
  const FlowHot& hot = path_.flows.hot(slot);
  return path_.quarantine.holds(hot.key, initiator_address(hot), path_.now) ||
         path_.simulation.hit(ExceptionCause::kClassifierFault);
}

/// At which level a flow that the classifier does not know yet is looked at; false: at none.
bool InspectStage::may_look(const Batch& batch, std::size_t i) noexcept {
  const std::uint32_t slot = batch.slots[i];
  const FlowRest& rest = path_.flows.rest(slot);
  if (rest.channel_epoch == path_.epoch) return true;
  FlowHot& hot = path_.flows.hot(slot);
  InspectedLevel level = path_.overload.level();
  if (path_.quarantine.breaker_open(path_.now)) level = std::max(level, InspectedLevel::kNamesOnly);
  if (path_.simulation.hit(ExceptionCause::kOverload)) level = InspectedLevel::kBypass;
  constexpr auto kIndex = static_cast<std::size_t>(ExceptionCause::kOverload);
  const bool met_before = (rest.exceptions >> kIndex & 1U) != 0;
  if (level == InspectedLevel::kBypass && !met_before) count_level(level);
  const bool passed_unseen =
      met_before && path_.pairs[batch.pair()].exceptions[kIndex] == ExceptionAction::kPass;
  hot.level = passed_unseen ? std::max(level, InspectedLevel::kNamesOnly) : level;
  return level != InspectedLevel::kBypass;
}

void InspectStage::count_level(InspectedLevel level) noexcept {
  ++path_.counters.flows_at_level[static_cast<std::size_t>(level)];
}

/// The row that a connection without its handshake meets: once, and with each packet where it says drop.
bool InspectStage::is_midstream(std::uint32_t slot, std::uint8_t port) noexcept {
  if ((path_.flows.hot(slot).flags & kMidstreamPickup) == 0) return false;
  constexpr auto kIndex = static_cast<std::size_t>(ExceptionCause::kMidstream);
  return (path_.flows.rest(slot).exceptions >> kIndex & 1U) == 0 ||
         path_.pairs[port / 2U].exceptions[kIndex] == ExceptionAction::kDrop;
}

/// The flow had no answer within the deadline, and may not have one now. A classifier that has worked off all
/// that it was shown is not slow: what was overdue waited for a segment that was missing, and this may be it.
/// After a further deadline the flow is tried again in any case.
bool InspectStage::is_late(std::uint32_t slot, const Inspection* judged) noexcept {
  FlowHot& hot = path_.flows.hot(slot);
  if ((hot.flags & kAnswerLate) == 0) return false;
  const TimeNs left = judged == nullptr ? 0 : judged->late_until - path_.now;
  if (left > 0 && left <= path_.deadline_ns && path_.channel->requests_waiting() > 0) return true;
  clear_flag(hot, kAnswerLate);
  return false;
}

/// Why packet `i` cannot wait for an answer.
std::optional<ExceptionCause> InspectStage::cannot_wait(const Batch& batch, std::size_t i) noexcept {
  const std::uint32_t slot = batch.slots[i];
  const Inspection* judged = path_.inspections.ensure(slot);
  if (path_.simulation.hit(ExceptionCause::kClassifierSlow) || is_late(slot, judged))
    return ExceptionCause::kClassifierSlow;
  if (path_.simulation.hit(ExceptionCause::kParkingFull) || judged == nullptr ||
      !path_.parking.has_room(*judged, batch.packets[i])) {
    return ExceptionCause::kParkingFull;
  }
  // What waits must leave enough buffers for receiving.
  if (path_.simulation.hit(ExceptionCause::kPacketsExhausted) ||
      free_buffers(path_.packets) < kPacketsReserve) {
    return ExceptionCause::kPacketsExhausted;
  }
  return std::nullopt;
}

bool InspectStage::within_skip(const Batch& batch, std::size_t i) noexcept {
  Inspection* judged = path_.inspections.of(batch.slots[i]);
  if (judged == nullptr || judged->skip_active == 0) return false;
  const PacketMeta& meta = batch.metas[i];
  const std::size_t direction = index_of(batch.directions[i]);
  if (is_bare_tcp(meta)) {
    // While one side sends what nobody wants to see, the other side's bare acknowledgements say nothing
    // either.
    return (meta.tcp_flags & (kTcpSyn | kTcpFin | kTcpRst)) == 0;
  }
  if ((judged->skip_active & bit_of(batch.directions[i])) == 0) return false;
  if (meta.kind == PacketKind::kTcp) {
    // Modulo 2^32 (RFC 9293 section 3.4): wholly within [skip_from, skip_end).
    const std::uint32_t from = meta.tcp_sequence - judged->skip_from[direction];
    const std::uint32_t length = judged->skip_end[direction] - judged->skip_from[direction];
    if (not_after(judged->skip_end[direction], meta.tcp_sequence)) {  // it is over
      judged->skip_active &= static_cast<std::uint8_t>(~bit_of(batch.directions[i]));
    }
    return from < length && meta.payload_bytes <= length - from;
  }
  if (meta.payload_bytes > judged->skip_end[direction]) return false;
  judged->skip_end[direction] -= meta.payload_bytes;
  return true;
}

bool InspectStage::announce(const Batch& batch, std::size_t i, TimeNs now) noexcept {
  const std::uint32_t slot = batch.slots[i];
  FlowRest& rest = path_.flows.rest(slot);
  if (rest.channel_epoch == path_.epoch) return true;
  // The end of the flow that had this slot before must be known first.
  if (!path_.closes.empty() && !retry_closes(path_, now)) return false;
  const FlowCold& cold = path_.flows.cold(slot);
  const bool again = cold.packets[0] + cold.packets[1] > frame_count(batch.packets[i]);
  channel::FlowOpened opened = describe(path_, slot);
  if (again) opened.midstream = 1;
  if (!path_.channel->try_open(ref_of(path_, slot), opened, now)) return false;
  count_level(opened.level);
  clear_flag(path_.flows.hot(slot), kAnswerLate);
  rest.channel_epoch = path_.epoch;
  if (Inspection* judged = path_.inspections.of(slot)) judged->skip_active = 0;
  return true;
}

bool InspectStage::show(const Batch& batch, std::size_t i, bool parked, TimeNs now) noexcept {
  const PacketMeta& meta = batch.metas[i];
  const std::uint32_t slot = batch.slots[i];
  const FlowHot& hot = path_.flows.hot(slot);
  const std::size_t bytes = std::min<std::size_t>(meta.l3_bytes, channel::kPacketBytesMax);
  channel::PacketHead head;
  head.number = path_.packets_numbered + 1;
  head.tcp_sequence = meta.tcp_sequence;
  head.tcp_acknowledgement = meta.tcp_acknowledgement;
  head.packet_bytes = static_cast<std::uint16_t>(bytes);
  head.l4_offset = static_cast<std::uint16_t>(meta.l4_offset == 0 ? 0 : meta.l4_offset - meta.l3_offset);
  head.payload_offset = static_cast<std::uint16_t>(meta.payload_offset - meta.l3_offset);
  head.payload_bytes = meta.payload_bytes;
  head.tcp_flags = meta.tcp_flags;
  if (!may_acknowledge(path_, slot, batch.directions[i], batch.port)) {
    head.tcp_flags &= static_cast<std::uint8_t>(~kTcpAck);
  }
  head.direction = batch.directions[i];
  head.parked = parked ? 1 : 0;
  head.flow_bytes = path_.flows.cold(slot).bytes;
  head.redecide = (hot.flags & kDecidingAgain) != 0 ? 1 : 0;
  if (path_.capture.copies_shown()) capture_packet(path_, batch, i);
  const Bytes from_l3 = frame_of(batch.packets[i]).subspan(meta.l3_offset, bytes);
  if (!path_.channel->try_packet({slot, hot.generation}, head, from_l3, now)) return false;
  ++path_.packets_numbered;
  ++path_.counters.packets_shown;
  return true;
}

}  // namespace weir::dataplane
