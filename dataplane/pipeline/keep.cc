// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/keep.h"

#include <algorithm>

namespace weir::dataplane {
namespace {

constexpr std::uint16_t kMoreIsKnown = kLimited | kEdited | kExpires | kAnswered;
constexpr std::uint16_t kTunnelledFrom = 0x1000;  // FlowKey::vlan of flows inside tunnels

bool can_be_taken(const FlowHot& flow, std::uint32_t pairs) noexcept {
  return flow.state == FlowState::kDecided && flow.check == check_of(flow) &&
         (flow.flags & kMoreIsKnown) == 0 && flow.verdict <= VerdictAction::kReset &&
         flow.tcp_state <= channel::TcpState::kMidstream && flow.level <= channel::InspectedLevel::kBypass &&
         flow.key.vlan < kTunnelledFrom && flow.key.pair < pairs;
}

void take(Path& path, std::uint32_t slot, const FlowHot& old, const FlowCold& cold,
          const FlowRest& rest) noexcept {
  FlowHot& hot = path.flows.hot(slot);
  hot.state = FlowState::kDecided;
  hot.verdict = old.verdict;
  hot.tcp_state = old.tcp_state;
  hot.mark = old.mark;
  hot.flags = old.flags;
  clear_flag(hot, kDecidingAgain);
  clear_flag(hot, kAnswerLate);
  hot.level = old.level;
  hot.check = old.check;
  hot.policy_revision = old.policy_revision;
  hot.last_seen = old.last_seen;
  path.flows.cold(slot) = cold;
  path.flows.cold(slot).inspection = kNoSlot;
  FlowRest& mine = path.flows.rest(slot);
  mine.started = rest.started;
  mine.number = ++path.flows_numbered;
  mine.exceptions = rest.exceptions;
  mine.client_mac = rest.client_mac;
  mine.told = rest.told;
  path.unanswered.push(slot);
  path.wheel->arm(slot);
  ++path.counters.flows_opened;
}

}  // namespace

FlowsTaken take_over(Path& path, const KeptFlows& kept, TimeNs now) noexcept {
  FlowsTaken result;
  // Numbers go on, also after those of flows that are gone: their slots still hold them.
  for (std::size_t slot = 0; slot < kept.hot().size(); ++slot) {
    path.flows_numbered = std::max(path.flows_numbered, kept.rest(slot).number);
  }
  for (std::size_t slot = 0; slot < kept.hot().size(); ++slot) {
    const FlowHot& flow = kept.hot()[slot];
    if (flow.state == FlowState::kFree) continue;
    const bool idle = tick_of(now) - flow.last_seen >= path.timeouts.of(flow);
    const std::uint32_t mine = !idle && can_be_taken(flow, static_cast<std::uint32_t>(path.pairs.size()))
                                   ? path.flows.create(flow.key, hash_of(flow.key, path.hash_seed))
                                   : kNoSlot;
    if (mine == kNoSlot) {
      ++result.left_out;
      continue;
    }
    take(path, mine, flow, kept.cold(slot), kept.rest(slot));
    path.policy_revision = std::max(path.policy_revision, flow.policy_revision);
    ++result.taken;
  }
  return result;
}

}  // namespace weir::dataplane
