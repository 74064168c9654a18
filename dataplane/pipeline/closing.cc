// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/closing.h"

#include "dataplane/pipeline/exceptions.h"
#include "dataplane/pipeline/release.h"
#include "dataplane/pipeline/treat.h"

namespace weir::dataplane {

namespace {

/// A SYN that nobody answered and no classifier was told of: an overloaded worker does not tell its end.
bool is_unsaid(Path& path, std::uint32_t slot) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  return hot.tcp_state == channel::TcpState::kSynSent && hot.level >= InspectedLevel::kL4 &&
         path.flows.rest(slot).channel_epoch == 0;
}

void forget(Path& path, std::uint32_t slot) noexcept {
  end_treatment(path, slot);
  path.wheel->disarm(slot);
  path.tunnels.release(path.flows.hot(slot).key.vlan);
  path.flows.erase(slot);
  ++path.counters.flows_closed;
}

}  // namespace

channel::EndReason end_reason(const FlowHot& hot) noexcept {
  if (hot.state == FlowState::kDecided && hot.verdict != VerdictAction::kForward)
    return channel::EndReason::kBlocked;
  if (hot.tcp_state != channel::TcpState::kClosed && hot.tcp_state != channel::TcpState::kClosing) {
    return channel::EndReason::kIdle;
  }
  const bool both = (hot.flags & kFinSeenLow) != 0 && (hot.flags & kFinSeenHigh) != 0;
  return both ? channel::EndReason::kFin : channel::EndReason::kReset;
}

channel::NetworkPerformance network_performance(Path& path, std::uint32_t slot) noexcept {
  const FlowCold& cold = path.flows.cold(slot);
  const FlowRest& rest = path.flows.rest(slot);
  channel::NetworkPerformance network;
  network.handshake_us = cold.handshake_us;
  for (std::size_t direction = 0; direction < 2; ++direction) {
    network.retransmitted[direction] = cold.retransmitted[direction];
    network.out_of_order[direction] = cold.out_of_order[direction];
    network.zero_windows[direction] = cold.zero_windows[direction];
  }
  network.icmp_errors = rest.icmp_errors;
  network.icmp_error = rest.icmp_error;
  const IcmpSenders::Note sender = path.icmp_senders.of(ref_of(path, slot));
  network.icmp_error_direction = sender.direction;
  network.icmp_error_from = sender.from;
  return network;
}

void close_flow(Path& path, std::uint32_t slot, channel::EndReason reason, TimeNs now) noexcept {
  release_by_exception(path, slot, ExceptionCause::kClassifierSlow);
  path.inspections.release(slot);
  const FlowHot& hot = path.flows.hot(slot);
  if (is_unsaid(path, slot)) {
    ++path.counters.half_open_unsaid;
    return forget(path, slot);
  }
  const FlowCold& cold = path.flows.cold(slot);
  channel::FlowClosed closed;
  closed.flow = describe(path, slot);
  closed.started_ns = path.flows.rest(slot).started;
  closed.last_seen_ns = last_seen_of(path, slot);
  closed.packets = {cold.packets[0], cold.packets[1]};
  closed.bytes = cold.bytes;
  closed.exceptions = path.flows.rest(slot).exceptions;
  closed.policy_revision = hot.policy_revision;
  closed.network = network_performance(path, slot);
  closed.reason = reason;
  closed.tcp_state = hot.tcp_state;
  const ClosedFlow message{ref_of(path, slot), closed};
  // Those that wait go first: a slot's old flow must be closed before its new one is opened.
  if (!path.closes.empty() || path.channel == nullptr ||
      !path.channel->try_close(message.flow, closed, now)) {
    if (!path.closes.push(message)) ++path.counters.closes_lost;
  }
  forget(path, slot);
}

void expire_flows(Path& path, TimeNs now) noexcept {
  std::array<std::uint32_t, kExpiriesPerTurn> expired{};
  const std::size_t count = path.wheel->collect(tick_of(now), expired);
  for (std::size_t i = 0; i < count; ++i) {
    close_flow(path, expired[i], end_reason(path.flows.hot(expired[i])), now);
  }
}

bool retry_closes(Path& path, TimeNs now) noexcept {
  for (std::uint32_t i = 0; i < kClosesPerTurn && path.channel != nullptr && !path.closes.empty(); ++i) {
    const ClosedFlow& oldest = path.closes.front();
    if (!path.channel->try_close(oldest.flow, oldest.closed, now)) break;
    path.closes.pop();
  }
  return path.closes.empty();
}

}  // namespace weir::dataplane
