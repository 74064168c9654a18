// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/track.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/flow/measure.h"
#include "dataplane/flow/tcp_state.h"
#include "dataplane/pipeline/closing.h"
#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/icmp_error.h"
#include "dataplane/pipeline/lookup.h"
#include "dataplane/pipeline/normalise.h"

namespace weir::dataplane {
namespace {

constexpr std::uint8_t kTcpControl = kTcpSyn | kTcpFin | kTcpRst;
constexpr std::size_t kSourceMacOffset = 6;
bool source_is_initiator(const PacketMeta& first) {
  // A SYN-ACK as the first packet: its SYN went by before Weir was there.
  return first.kind != PacketKind::kTcp || (first.tcp_flags & (kTcpSyn | kTcpAck)) != (kTcpSyn | kTcpAck);
}

/// The hardware address of the inside end, as the first packet shows it.
std::array<std::uint8_t, 6> client_mac(Bytes frame, bool from_inside) {
  std::array<std::uint8_t, 6> mac{};
  ByteReader reader(frame.subspan(from_inside ? kSourceMacOffset : 0));
  const Bytes bytes = reader.take(mac.size());
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

bool is_refused(const FlowHot& hot) noexcept {
  return hot.state == FlowState::kDecided && hot.verdict != VerdictAction::kForward;
}

void follow_tcp(FlowHot& hot, const PacketMeta& meta) {
  TcpEvent event = TcpEvent::kAck;
  if ((meta.tcp_flags & kTcpRst) != 0) {
    event = TcpEvent::kRst;
  } else if ((meta.tcp_flags & kTcpSyn) != 0) {
    event = (meta.tcp_flags & kTcpAck) != 0 ? TcpEvent::kSynAck : TcpEvent::kSyn;
  } else if ((meta.tcp_flags & kTcpFin) != 0) {
    const FlowFlag mine = meta.source_is_low ? kFinSeenLow : kFinSeenHigh;
    const FlowFlag other = meta.source_is_low ? kFinSeenHigh : kFinSeenLow;
    event = (hot.flags & other) != 0 ? TcpEvent::kFinSecond : TcpEvent::kFinFirst;
    set_flag(hot, mine);
  }
  hot.tcp_state = next_tcp_state(hot.tcp_state, event);
}

}  // namespace

void TrackStage::operator()(Batch& batch, TimeNs now) noexcept {
  batch.last = batch.count;
  const PacketStamp stamp{tick_of(now), fraction_of(now)};
  bool created = false;
  for (std::size_t i = batch.first; i < batch.last; ++i) {
    if (batch.fates[i] != Fate::kOpen) continue;
    const PacketMeta& meta = batch.metas[i];
    if (batch.slots[i] == kNoSlot && created) batch.slots[i] = path_.flows.lookup(meta.key, meta.hash);
    if (is_damaged(batch, i)) {
      batch.end(i, Fate::kDrop, DropReason::kL4Checksum);
      continue;
    }
    if (meta.kind == PacketKind::kIcmpError && end_icmp_error(path_, batch, i)) continue;
    const bool reopening = batch.slots[i] != kNoSlot && reopens(batch.slots[i], meta);
    const bool judged =
        path_.normalise && (batch.slots[i] == kNoSlot || reopening || !follows_verdict(batch.slots[i]));
    if (judged && !normalise_alone(path_, batch, i)) continue;
    if (reopening) {
      const auto begin = batch.slots.begin() + batch.first;
      if (std::find(begin, batch.slots.begin() + i, batch.slots[i]) != batch.slots.begin() + i) {
        batch.last = static_cast<std::uint16_t>(i);
        return;
      }
      batch.slots[i] = reopen(batch, i, now);
      created = true;
    }
    if (batch.slots[i] == kNoSlot) {
      batch.slots[i] = create(batch, i, now);
      created = true;
    }
    if (batch.slots[i] == kNoSlot) {
      end_by_exception(path_, batch, i, ExceptionCause::kFlowTableFull);
      continue;
    }
    const std::uint32_t slot = batch.slots[i];
    batch.directions[i] =
        count_packet(path_.flows.hot(slot), path_.flows.cold(slot), meta, *batch.packets[i], stamp);
    if (judged && !normalise_in_flow(path_, batch, i)) continue;
    follow(batch, i, now);
  }
}

bool TrackStage::is_damaged(const Batch& batch, std::size_t i) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (batch.slots[i] != kNoSlot && (meta.tcp_flags & kTcpControl) == 0 && follows_verdict(batch.slots[i]) &&
      meta.kind != PacketKind::kIcmpError) {
    return false;
  }
  const rte_mbuf* packet = batch.packets[i];
  // What a port says of checksums it says of the outermost packet.
  const bool verified = meta.outer_l3_offset == 0 &&
                        (packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD;
  if (!path_.verify_checksums || verified) return false;
  if (meta.outer_l3_offset != 0 && !carrier_checksums_hold(frame_of(packet), meta)) return true;
  return !l4_checksum_holds(frame_of(packet), meta);
}

bool TrackStage::follows_verdict(std::uint32_t slot) noexcept {
  const FlowHot& hot = path_.flows.hot(slot);
  return hot.state == FlowState::kDecided && hot.policy_revision == path_.policy_revision;
}

/// The slot of the connection that a SYN begins where another one was.
std::uint32_t TrackStage::reopen(Batch& batch, std::size_t i, TimeNs now) noexcept {
  ++path_.counters.flows_reopened;
  const std::uint32_t old = batch.slots[i];
  const FlowCold& cold = path_.flows.cold(old);
  const bool refused = is_refused(path_.flows.hot(old)) && cold.packets[0] > 0 && cold.packets[1] > 0;
  close_flow(path_, old, end_reason(path_.flows.hot(old)), now);
  std::replace(batch.slots.begin() + i, batch.slots.begin() + batch.count, old, kNoSlot);
  const std::uint32_t slot = create(batch, i, now);
  // Ends that did not believe the reset could else go on behind a SYN that never arrives.
  Inspection* judged = refused && slot != kNoSlot ? path_.inspections.ensure(slot) : nullptr;
  if (judged != nullptr) owe_answer(judged->tcp);
  return slot;
}

bool TrackStage::reopens(std::uint32_t slot, const PacketMeta& meta) noexcept {
  if (meta.kind != PacketKind::kTcp || (meta.tcp_flags & (kTcpSyn | kTcpAck)) != kTcpSyn) return false;
  const FlowHot& hot = path_.flows.hot(slot);
  const channel::TcpState state = hot.tcp_state;
  // A refused connection is over for its ends, though Weir saw no end of it. Within the handshake it is the
  // same SYN once more.
  if (is_refused(hot) && state > channel::TcpState::kSynReceived) return true;
  constexpr auto kMidstream = static_cast<std::size_t>(ExceptionCause::kMidstream);
  if (state == channel::TcpState::kMidstream &&
      path_.pairs[hot.key.pair].exceptions[kMidstream] == ExceptionAction::kDrop) {
    return true;  // nothing of what was there before has passed
  }
  return state == channel::TcpState::kClosed || state == channel::TcpState::kClosing;
}

std::uint32_t TrackStage::create(Batch& batch, std::size_t i, TimeNs now) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (path_.simulation.hit(ExceptionCause::kFlowTableFull)) return kNoSlot;
  std::uint32_t slot = path_.flows.create(meta.key, meta.hash);
  if (slot == kNoSlot) slot = create_evicting(batch, i, now);
  if (slot == kNoSlot) return kNoSlot;
  path_.tunnels.hold(meta.key.vlan);
  const bool from_inside = batch.port % 2 == 0;
  const bool initiator_sends = source_is_initiator(meta);
  FlowHot& hot = path_.flows.hot(slot);
  if (meta.source_is_low == initiator_sends) set_flag(hot, kInitiatorIsLow);
  if (from_inside == initiator_sends) set_flag(hot, kInitiatorInside);
  if (meta.kind == PacketKind::kTcp &&
      ((meta.tcp_flags & kTcpSyn) == 0 || path_.simulation.hit(ExceptionCause::kMidstream))) {
    set_flag(hot, kMidstreamPickup);
    hot.tcp_state = channel::TcpState::kMidstream;
  }
  path_.unanswered.push(slot);
  hot.level = path_.overload.level();
  hot.last_seen = tick_of(now);
  FlowRest& rest = path_.flows.rest(slot);
  rest.started = now;
  rest.number = ++path_.flows_numbered;
  rest.client_mac = client_mac(frame_of(batch.packets[i]), from_inside);
  path_.wheel->arm(slot);
  ++path_.counters.flows_opened;
  return slot;
}

/// A full table gives up the flow that has waited longest for an answer.
std::uint32_t TrackStage::create_evicting(Batch& batch, std::size_t i, TimeNs now) noexcept {
  if (!may_evict(batch.metas[i].kind == PacketKind::kTcp, now)) return kNoSlot;
  const auto begin = batch.slots.begin() + batch.first;
  const auto here = batch.slots.begin() + i;
  const std::uint32_t victim = path_.unanswered.take_oldest(tick_of(now));
  // Earlier packets of this burst are on their way with their flow; later ones are looked up again.
  if (victim == kNoSlot || std::find(begin, here, victim) != here) return kNoSlot;
  std::replace(here, batch.slots.begin() + batch.count, victim, kNoSlot);
  close_flow(path_, victim, channel::EndReason::kEvicted, now);
  ++path_.counters.unanswered_evicted;
  return path_.flows.create(batch.metas[i].key, batch.metas[i].hash);
}

/// A flood would else cost what the established flows need.
bool TrackStage::may_evict(bool for_connection, TimeNs now) noexcept {
  const TimeNs every = for_connection ? kEvictionForConnectionEvery : kEvictionForDatagramEvery;
  const TimeNs saved = kEvictionsSavedMax * every;
  TimeNs& next = next_eviction_[for_connection ? 1 : 0];
  const bool clock_set_back = next > now + every;
  if (clock_set_back || next < now - saved) next = now - saved;
  if (next > now) return false;
  next += every;
  return true;
}

void TrackStage::follow(Batch& batch, std::size_t i, TimeNs now) noexcept {
  const PacketMeta& meta = batch.metas[i];
  if (meta.kind != PacketKind::kTcp) return;
  FlowHot& hot = path_.flows.hot(batch.slots[i]);
  FlowCold& cold = path_.flows.cold(batch.slots[i]);
  const Direction direction = batch.directions[i];
  measure_segment(hot, cold, meta, direction);
  const channel::TcpState before = hot.tcp_state;
  if (before == channel::TcpState::kEstablished && (meta.tcp_flags & kTcpControl) == 0) return;
  follow_tcp(hot, meta);
  if (before <= channel::TcpState::kSynReceived) {
    measure_handshake(hot, cold, before, meta, direction, now - path_.flows.rest(batch.slots[i]).started);
  }
}

}  // namespace weir::dataplane
