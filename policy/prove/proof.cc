// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "policy/decide/decide.h"
#include "policy/engine/recorded_facts.h"
#include "policy/prove/frame.h"

namespace weir::prove {
namespace {

/// What left of each flow in one direction: payloads by the client's port. A SYN or SYN-ACK counts as one
/// byte, so that a connection that opens shows; a reset is Weir's own.
using Left = std::map<std::uint16_t, std::string>;

Result<Left> read_left(const std::string& path, bool from_client) {
  const auto frames = read_capture(path);
  if (!frames) return tl::unexpected(frames.error());
  Left left;
  for (const TimedFrame& timed : *frames) {
    const auto frame = read_frame(timed.bytes);
    if (!frame || (frame->ends.protocol == kProtocolTcp && (frame->tcp_flags & kTcpReset) != 0)) continue;
    const bool syn = (frame->tcp_flags & kTcpSyn) != 0;
    std::string& bytes = left[from_client ? frame->ends.initiator_port : frame->ends.responder_port];
    bytes += syn ? std::string(1, '\0') : frame->payload;
  }
  return left;
}

/// What the sender of the refused step said, in the form of Left.
std::string said_by_sender(const Canary& canary, bool with_refused) {
  const Step& refused = canary.refused();
  std::string out;
  for (const Step& step : canary.steps) {
    if (&step == &refused && !with_refused) break;
    if (step.from_client != refused.from_client) continue;
    out += step.payload.empty() ? std::string(1, '\0') : step.payload;
  }
  return out;
}

/// Bytes that were refused and left all the same.
std::size_t leaked(const Canary& canary, const std::string& left) {
  const std::string whole = said_by_sender(canary, true);
  const std::size_t may_leave = said_by_sender(canary, false).size() + canary.refused().may_leave;
  const auto same = static_cast<std::size_t>(std::ranges::mismatch(left, whole).in1 - left.begin());
  if (same > may_leave) return same - may_leave;
  const std::string& refused = canary.refused().payload;
  return canary.refused().may_leave == 0 && !refused.empty() && left.find(refused) != std::string::npos
             ? refused.size()
             : 0;
}

bool blocked(const event::FlowEvent& event) {
  const auto action = action_of(event.action());
  return action && blocks(*action);
}

/// Alone, or together with a rule of another section.
bool blocked_by(const event::FlowEvent& event, const policy::Rule& rule) {
  if (!blocked(event)) return false;
  return event.rule() == rule.name || std::ranges::any_of(event.hits(), [&](const event::Hit& hit) {
           return hit.rule() == rule.name && !hit.would_block() && hit.action() == to_string(rule.then);
         });
}

/// What the flow said of itself was understood.
bool recognised(const FlowFacts& said, const FlowFacts& seen) {
  const std::string& recipient = said.mail.pending_recipient;
  return (said.host.empty() || said.host == seen.host) &&
         (recipient.empty() || recipient == seen.mail.pending_recipient ||
          std::ranges::find(seen.mail.recipients, recipient) != seen.mail.recipients.end());
}

std::string said_of(const event::FlowEvent& event) {
  const std::string by = event.rule().empty() ? "" : fmt::format(" by {}", event.rule());
  return fmt::format("{}{}", event.action(), by);
}

}  // namespace

Proof::Proof(const policy::Policy& policy, std::vector<Canary> canaries)
    : policy_(policy), played_(play(std::move(canaries), frames_)) {}

Result<void> Proof::write(const std::string& folder) const {
  if (auto written = write_capture(folder + "/inside.pcap", frames_.inside); !written) return written;
  return write_capture(folder + "/outside.pcap", frames_.outside);
}

void Proof::take(const event::FlowEvent& event) {
  events_[static_cast<TimeNs>(event.started_ns())].push_back(event);
}

Result<std::vector<Outcome>> Proof::outcomes(const std::string& folder) const {
  const auto from_client = read_left(folder + "/out-outside.pcap", true);
  if (!from_client) return tl::unexpected(from_client.error());
  const auto from_server = read_left(folder + "/out-inside.pcap", false);
  if (!from_server) return tl::unexpected(from_server.error());
  std::vector<Outcome> out;
  for (const Played& played : played_) {
    const Left& left = played.canary.refused().from_client ? *from_client : *from_server;
    const auto found = left.find(played.client_port);
    out.push_back(judge(played, found == left.end() ? std::string{} : found->second));
  }
  return out;
}

Outcome Proof::judge(const Played& played, const std::string& left) const {
  const Canary& canary = played.canary;
  const auto found = events_.find(played.started);
  if (found == events_.end())
    return {&played, Fate::kUnproved, fmt::format("{}: no event tells of it", canary.what), {}};
  const std::vector<event::FlowEvent>& events = found->second;
  const std::string& flow_id = events.front().flow_id();
  const auto by_rule = [&](const event::FlowEvent& event) { return blocked_by(event, *canary.rule); };
  if (std::ranges::any_of(events, by_rule)) {
    const std::size_t bytes = leaked(canary, left);
    if (bytes == 0) return {&played, Fate::kProved, {}, flow_id};
    return {&played, Fate::kUnproved,
            canary.refused().payload.empty()
                ? fmt::format("{}: it is refused, and the connection opens all the same", canary.what)
                : fmt::format("{}: it is refused, and {} bytes left all the same", canary.what, bytes),
            flow_id};
  }
  for (const event::FlowEvent& event : events) {
    const FlowFacts seen = policy::recorded_facts(event);
    const Decision decision = policy::decide(policy_, seen, DynamicFacts{}, played.started);
    if (!recognised(canary.refused().facts, seen) || decision.rule.empty() || decision.rule != event.rule() ||
        to_string(decision.action) != event.action()) {
      continue;
    }
    return {&played, Fate::kTaken,
            fmt::format("{}: rule {} speaks for it, since it is recognised as {}", canary.what, decision.rule,
                        event.app().empty() ? event.master() : event.app()),
            flow_id};
  }
  const auto other = std::ranges::find_if(events, blocked);
  return {&played, Fate::kUnproved,
          fmt::format("{}: {}", canary.what, said_of(other == events.end() ? events.back() : *other)),
          flow_id};
}

}  // namespace weir::prove
