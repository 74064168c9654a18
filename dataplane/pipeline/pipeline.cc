// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/pipeline.h"

#include <rte_mbuf.h>

#include <cstdlib>

#include "dataplane/pipeline/answers.h"
#include "dataplane/pipeline/bypassed.h"
#include "dataplane/pipeline/closing.h"
#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/inject.h"
#include "dataplane/pipeline/release.h"
#include "dataplane/pipeline/stage_laps.h"

namespace weir::dataplane {

Pipeline::Pipeline(const PipelineOptions& options, TransmitSink& sink)
    : path_(options, sink),
      parse_(path_),
      fragments_(path_, options),
      lookup_(path_),
      track_(path_),
      inspect_(path_),
      capture_(path_),
      enforce_(path_),
      transmit_(path_),
      board_(std::make_unique<CounterBoard>()) {}

// This function is the packet path.
void Pipeline::run(Batch& batch, TimeNs now) noexcept {
  path_.now = now;
  if constexpr (Simulation::kPossible) simulate(batch, now);
  if (in_bypass(path_, batch.pair())) {  // by hand: weirctl bypass on
    forward_unseen(path_, batch);
    return;
  }
  StageLaps laps(stage_turn_, path_.counters.stages, batch.count);
  parse_(batch);  // bytes -> PacketMeta or a named drop
  laps.end(Stage::kParse);
  fragments_(batch, now);  // fragments -> held; with the last one missing: one packet for all of them
  laps.end(Stage::kFragments);
  // Once; again only when a SYN took over a tuple within the burst.
  for (batch.first = 0; batch.open > 0 && batch.first < batch.count; batch.first = batch.last) {
    lookup_(batch, now);  // key             -> flow; what its cached verdict forwards leaves
    laps.end(Stage::kLookup);
    if (batch.open == 0) break;
    track_(batch, now);  // the rest        -> new flows, TCP state
    laps.end(Stage::kTrack);
    inspect_(batch, now);  // undecided flows -> parked, bytes copied to the channel
    laps.end(Stage::kInspect);
    enforce_(batch);  // verdict         -> forward | drop(reason) | reset
    laps.end(Stage::kEnforce);
  }
  capture_(batch);   // what a running capture wants -> the capture ring
  transmit_(batch);  // survivors -> the other port of the pair
  laps.end(Stage::kTransmit);
}

void Pipeline::turn_away(std::uint8_t port, std::span<rte_mbuf* const> packets, DropReason reason) noexcept {
  PortCounters& counters = path_.counters.ports[port];
  counters.received += packets.size();
  for (rte_mbuf* packet : packets) {
    counters.received_bytes += packet->pkt_len;
    path_.out.drop(port, packet, reason);
  }
}

std::uint32_t Pipeline::apply_answers() noexcept {
  const std::uint32_t applied = dataplane::apply_answers(path_);
  if (applied > 0) path_.out.flush();
  return applied;
}

void Pipeline::look_after(TimeNs now) noexcept {
  path_.now = now;
  release_overdue(path_, now);
  fragments_.expire(now);
  resend_overdue(path_, now);
  expire_flows(path_, now);
  settle_bypassed(path_, now);
  static_cast<void>(retry_closes(path_, now));
  path_.out.flush();
  if (path_.channel != nullptr) path_.channel->publish();
  look_at_load(now);
}

void Pipeline::look_at_load(TimeNs now) noexcept {
  std::uint32_t fill = path_.parking.fill_percent();
  // Asking the channel costs a line that the classifier writes: only while there is something to ask about.
  const bool quiet = path_.counters.packets_shown == shown_at_look_ && path_.parking.count() == 0;
  if (path_.channel != nullptr && (!quiet || path_.overload.level() != InspectedLevel::kFull)) {
    const std::uint64_t waiting = path_.channel->requests_waiting();
    fill = std::max(fill, static_cast<std::uint32_t>(waiting * 100 / path_.channel->shape().requests));
  }
  shown_at_look_ = path_.counters.packets_shown;
  path_.overload.look(fill, now);
}

void Pipeline::attach(channel::DataplaneEnd& channel) noexcept {
  path_.channel = &channel;
  ++path_.epoch;
}

void Pipeline::detach() noexcept {
  if (path_.channel != nullptr) {
    take_last_answers();
    note_fault(path_.channel->unfinished());
  }
  path_.channel = nullptr;
  release_all_by_exception(path_, ExceptionCause::kClassifierGone);
  path_.out.flush();
}

/// What it answered before it went is in force: its events say so, and the next one would judge, and say, the
/// same again. At most what a ring holds: one that is still there may go on writing.
void Pipeline::take_last_answers() noexcept {
  const std::uint32_t most = path_.channel->shape().answers;
  for (std::uint32_t taken = 0; taken < most;) {
    const std::uint32_t some = dataplane::apply_answers(path_);
    if (some == 0) return;
    taken += some;
  }
}

/// A classifier died over a request about this flow: it is not shown to another one, and its packets are
/// kept.
void Pipeline::note_fault(std::optional<channel::FlowRef> flow) noexcept {
  if (!flow) return;
  ++path_.counters.classifier_faults;
  const std::uint32_t slot = path_.flows.resolve(*flow);
  if (slot == kNoSlot) return;
  const FlowHot& hot = path_.flows.hot(slot);
  path_.quarantine.note(hot.key, initiator_address(hot), path_.now);
  capture_fault(path_, slot);
}

bool Pipeline::close_some(std::uint32_t count, TimeNs now) noexcept {
  fragments_.end_all();
  for (std::uint32_t closed = 0; path_.flows.size() > 0 && closed < count; ++close_cursor_) {
    if (close_cursor_ >= path_.flows.capacity()) close_cursor_ = 0;
    if (path_.flows.hot(close_cursor_).state == FlowState::kFree) continue;
    close_flow(path_, close_cursor_, channel::EndReason::kShutdown, now);
    ++closed;
  }
  const bool sent = retry_closes(path_, now);
  path_.out.flush();
  if (path_.channel != nullptr) path_.channel->publish();
  return path_.flows.size() > 0 || (path_.channel != nullptr && !sent);
}

void Pipeline::set_bypass(std::uint32_t pairs) noexcept { dataplane::set_bypass(path_, pairs); }

void Pipeline::simulate(const Batch& batch, TimeNs now) noexcept {
  for (std::size_t i = 0; i < batch.count; ++i) {
    if (path_.simulation.hit(Fault::kCrash)) std::abort();
    if (path_.simulation.hit(ExceptionCause::kClockStep)) shift_time(0, now);
  }
}

void Pipeline::shift_time(TimeNs step, TimeNs now) noexcept {
  note_exception(path_, ExceptionCause::kClockStep, ExceptionAction::kPass, kNoSlot);
  path_.wheel.emplace(path_.flows, path_.timeouts, tick_of(now));
  for (std::uint32_t slot = 0; slot < path_.flows.capacity(); ++slot) {
    FlowHot& hot = path_.flows.hot(slot);
    if (hot.state == FlowState::kFree) continue;
    FlowRest& rest = path_.flows.rest(slot);
    rest.started += step;
    rest.exceptions |= static_cast<std::uint16_t>(1U << static_cast<unsigned>(ExceptionCause::kClockStep));
    const TimeNs last_seen = last_seen_of(path_, slot) + step;
    hot.last_seen = tick_of(last_seen);
    path_.flows.cold(slot).last_seen_fraction = fraction_of(last_seen);
    rest.next = rest.previous = kNoSlot;
    path_.wheel->arm(slot);
  }
  path_.parking.shift_time(step);
  path_.meters.shift_time(step);
  path_.injections.shift_time(step);
  path_.quarantine.shift_time(step);
  path_.now = now;
  fragments_.shift_time(step);
}

void Pipeline::start_capture(std::uint16_t number, TimeNs now) noexcept {
  fragments_.end_all();
  path_.announced_pair.fill(number);
  path_.wheel.emplace(path_.flows, path_.timeouts, tick_of(now));
  close_cursor_ = 0;
}

MemoryUse Pipeline::memory() const {
  MemoryUse use = memory_use(path_);
  use.fragments = fragments_.memory_bytes();
  use.capture = path_.capture.ring.memory_bytes();
  return use;
}

void Pipeline::publish_counters() noexcept {
  PipelineCounters& counters = path_.counters;
  counters.flows = path_.flows.size();
  counters.meters = path_.meters.in_use();
  counters.injections = path_.injections.count();
  counters.parked = path_.parking.frames() + fragments_.held();
  counters.fragments_held = fragments_.held();
  counters.tunnels = path_.tunnels.size();
  counters.closes_waiting = path_.closes.count();
  counters.policy_revision = path_.policy_revision;
  counters.overload_level = static_cast<std::uint64_t>(path_.overload.level());
  counters.overload_steps = path_.overload.steps();
  counters.overload_ns = path_.overload.held_ns();
  counters.channel_epoch = path_.epoch;
  counters.channel_attached = path_.channel != nullptr ? 1 : 0;
  counters.flows_judged = path_.inspections.count();
  counters.requests_waiting = path_.channel != nullptr ? path_.channel->requests_waiting() : 0;
  board_->publish(counters);
}

}  // namespace weir::dataplane
