// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "classifier/publish/clean_text.h"
#include "classifier/publish/community_id.h"
#include "classifier/publish/event_facts.h"
#include "policy/model/settings.h"

namespace weir::classifier {
namespace {

const char* end_reason_word(channel::EndReason reason) {
  switch (reason) {
    case channel::EndReason::kFin:
      return "fin";
    case channel::EndReason::kReset:
      return "reset";
    case channel::EndReason::kIdle:
      return "idle";
    case channel::EndReason::kEvicted:
      return "evicted";
    case channel::EndReason::kBlocked:
      return "blocked";
    case channel::EndReason::kShutdown:
      return "shutdown";
  }
  return "shutdown";
}

const char* tcp_state_word(channel::TcpState state) {
  switch (state) {
    case channel::TcpState::kNone:
      return "";
    case channel::TcpState::kSynSent:
      return "syn-sent";
    case channel::TcpState::kSynReceived:
      return "syn-received";
    case channel::TcpState::kEstablished:
      return "established";
    case channel::TcpState::kFinWait:
      return "fin-wait";
    case channel::TcpState::kClosing:
      return "closing";
    case channel::TcpState::kClosed:
      return "closed";
    case channel::TcpState::kMidstream:
      return "midstream";
  }
  return "";
}

const char* level_word(channel::InspectedLevel level) {
  switch (level) {
    case channel::InspectedLevel::kFull:
      return "full";
    case channel::InspectedLevel::kNamesOnly:
      return "names-only";
    case channel::InspectedLevel::kL4:
      return "l4";
    case channel::InspectedLevel::kBypass:
      return "bypass";
  }
  return "";
}

void fill_network(event::FlowEvent& event, const channel::NetworkPerformance& network) {
  const auto all_zero = [](const std::array<std::uint32_t, 2>& pair) { return pair[0] == 0 && pair[1] == 0; };
  if (all_zero(network.handshake_us) && all_zero(network.retransmitted) && all_zero(network.out_of_order) &&
      all_zero(network.zero_windows) && network.icmp_errors == 0) {
    return;
  }
  auto* out = event.mutable_network();
  out->set_handshake_initiator_us(network.handshake_us[0]);
  out->set_handshake_responder_us(network.handshake_us[1]);
  out->set_retransmitted_from_initiator(network.retransmitted[0]);
  out->set_retransmitted_from_responder(network.retransmitted[1]);
  out->set_out_of_order_from_initiator(network.out_of_order[0]);
  out->set_out_of_order_from_responder(network.out_of_order[1]);
  out->set_zero_windows_from_initiator(network.zero_windows[0]);
  out->set_zero_windows_from_responder(network.zero_windows[1]);
  if (network.icmp_errors == 0) return;
  out->set_icmp_errors(network.icmp_errors);
  out->set_icmp_error(std::string(to_string(network.icmp_error)));
  if (network.icmp_error_from == IpAddress{}.bytes()) return;
  out->set_icmp_error_from(IpAddress::v6(network.icmp_error_from).to_string());
  const bool to_initiator = network.icmp_error_direction == channel::Direction::kFromResponder;
  out->set_icmp_error_to(to_initiator ? event.initiator() : event.responder());
}

void fill_tuple(event::FlowEvent& event, const FlowFacts& facts) {
  event.set_initiator(facts.tuple.initiator.to_string());
  event.set_initiator_port(facts.tuple.initiator_port);
  event.set_responder(facts.tuple.responder.to_string());
  event.set_responder_port(facts.tuple.responder_port);
  event.set_protocol(facts.tuple.protocol);
  event.set_vlan(facts.vlan);
  for (const std::uint16_t vlan : facts.inner_vlans)
    if (vlan != 0) event.add_inner_vlans(vlan);
  event.set_client_mac(facts.client_mac.to_string());
  event.set_initiator_inside(facts.initiator_inside);
  event.set_started_ns(static_cast<std::uint64_t>(facts.started));
  if (facts.tunnel.type.empty()) return;
  auto* tunnel = event.mutable_tunnel();
  tunnel->set_type(std::string(facts.tunnel.type));
  tunnel->set_low_end(facts.tunnel.low_end.to_string());
  tunnel->set_high_end(facts.tunnel.high_end.to_string());
  tunnel->set_id(facts.tunnel.id);
}

void fill_quotas(event::FlowEvent& event, const Decision& decision) {
  for (const QuotaMet& met : decision.quotas) {
    if (met.fact.period_ends == 0) continue;
    auto* out = event.add_quota_facts();
    out->set_period_ends_ns(static_cast<std::uint64_t>(met.fact.period_ends));
    out->mutable_used()->set_rule(met.fact.rule);
    out->mutable_used()->set_subject(met.fact.subject);
    out->mutable_used()->set_bytes(met.fact.used.bytes);
    out->mutable_used()->set_seconds(met.fact.used.seconds);
    out->mutable_used()->set_flows(met.fact.used.flows);
    out->mutable_used()->set_messages(met.fact.used.messages);
  }
}

void fill_decision(event::FlowEvent& event, const FlowStory& story) {
  const Decision& decision = story.decision;
  event.set_action(to_string(decision.action));
  event.set_policy_revision(decision.revision);
  event.set_group(decision.group);
  event.set_rule(decision.rule);
  event.set_policy_exception(decision.exception);
  for (const ClickThrough& one : decision.clicked_through) {
    auto* out = event.add_clicked_through();
    out->set_rule(one.rule);
    out->set_until_ns(static_cast<std::uint64_t>(one.ends));
  }
  fill_quotas(event, decision);
  for (const RuleHit& hit : story.new_hits) {
    auto* out = event.add_hits();
    out->set_rule(hit.rule);
    out->set_section(to_string(hit.section));
    out->set_severity(to_string(hit.severity));
    out->set_action(to_string(hit.action));
    out->set_would_block(hit.would_block);
    out->set_object(clean_text(hit.object));
    out->set_tell_user(hit.tell_user);
  }
  for (const DecisionStep& step : story.path.first(std::min(story.path.size(), kEventListMax))) {
    auto* out = event.add_path();
    out->set_section(to_string(step.section));
    out->set_rule(step.rule);
    out->set_matched(step.matched);
    out->set_why(clean_text(step.why));
  }
  for (std::size_t cause = 0; cause < kExceptionCauses; ++cause) {
    if ((story.exceptions >> cause & 1U) != 0)
      event.add_exceptions(to_string(static_cast<ExceptionCause>(cause)));
  }
}

}  // namespace

EventBuilder::EventBuilder(EventOrigin origin, std::vector<std::string> pair_names)
    : origin_(std::move(origin)), pair_names_(std::move(pair_names)), flows_boot_(origin_.boot) {}

event::FlowEvent& EventBuilder::build(event::Kind kind, TimeNs time, const FlowStory& story) {
  event::FlowEvent& event = event_;
  event.Clear();
  auto* id = event.mutable_id();
  id->set_appliance(origin_.appliance);
  id->set_boot(origin_.boot);
  id->set_worker(origin_.worker);
  id->set_sequence(++sequence_);
  event.set_kind(kind);
  event.set_time_ns(static_cast<std::uint64_t>(time));
  event.set_flow_id(flow_id(story.number));
  FiveTuple tuple = story.facts.tuple;
  if (tuple.protocol == kProtocolIcmp || tuple.protocol == kProtocolIcmpV6) {
    tuple.initiator_port = story.icmp_type;
    tuple.responder_port = story.icmp_code;
  }
  event.set_community_id(community_id(tuple));
  event.set_pair(story.pair < pair_names_.size() ? pair_names_[story.pair] : std::to_string(story.pair));
  fill_tuple(event, story.facts);
  fill_facts(event, story.facts);
  fill_decision(event, story);
  return event;
}

void EventBuilder::add_end(event::FlowEvent& event, const channel::FlowClosed& closed) {
  event.set_started_ns(static_cast<std::uint64_t>(closed.started_ns));
  event.set_ended_ns(static_cast<std::uint64_t>(closed.last_seen_ns));
  auto* counters = event.mutable_counters();
  counters->set_packets_from_initiator(closed.packets[0]);
  counters->set_packets_from_responder(closed.packets[1]);
  counters->set_bytes_from_initiator(closed.bytes[0]);
  counters->set_bytes_from_responder(closed.bytes[1]);
  event.set_end_reason(end_reason_word(closed.reason));
  event.set_tcp_state(tcp_state_word(closed.tcp_state));
  event.set_inspected(level_word(closed.flow.level));
  fill_network(event, closed.network);
}

std::string EventBuilder::flow_id(std::uint64_t number) const {
  return fmt::format("{:016x}-{}-{}", flows_boot_, origin_.worker, number);
}

}  // namespace weir::classifier
