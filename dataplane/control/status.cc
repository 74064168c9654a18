// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/status.h"

#include <fmt/format.h>

#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

using nlohmann::json;

constexpr std::array<const char*, 3> kVerdicts = {"forward", "drop", "reset"};
constexpr std::array<const char*, 8> kTcpStates = {"none",     "syn-sent", "syn-received", "established",
                                                   "fin-wait", "closing",  "closed",       "midstream"};

IpAddress address_of(const std::array<std::uint8_t, 16>& bytes) { return IpAddress::v6(bytes); }

}  // namespace

json port_counters_json(const PortCounters& counters, const EthertypeTable& ethertypes) {
  json dropped = json::object();
  for (std::size_t reason = 1; reason < kDropReasonCount; ++reason) {
    dropped[std::string(drop_reason_texts()[reason].name)] = counters.dropped[reason];
  }
  json classes = json::object();
  for (std::size_t i = 0; i < kFrameClassCount; ++i) {
    classes[std::string(to_string(static_cast<FrameClass>(i)))] = counters.classes[i];
  }
  json types = json::object();
  const auto type = [&](const std::string& name, std::size_t row) {
    types[name] = {{"pass", counters.ethertypes[row][0]}, {"drop", counters.ethertypes[row][1]}};
  };
  for (std::size_t row = 0; row < ethertypes.rows.size(); ++row) type(ethertypes.rows[row].name, row);
  type("other", kEthertypeRowsMax);
  return {{"received", counters.received},       {"received_bytes", counters.received_bytes},
          {"transmitted", counters.transmitted}, {"transmitted_bytes", counters.transmitted_bytes},
          {"parked", counters.parked},           {"bypassed", counters.bypassed},
          {"injected", counters.injected},       {"injected_lost", counters.injected_lost},
          {"dropped", std::move(dropped)},       {"classes", std::move(classes)},
          {"broadcast", counters.broadcast},     {"multicast", counters.multicast},
          {"ethertypes", std::move(types)}};
}

json ports_json(const Settings& settings, std::span<const std::unique_ptr<Port>> ports,
                std::span<const PortCounters> counters) {
  json list = json::array();
  for (std::size_t i = 0; i < settings.pairs.size() * 2; ++i) {
    const PairSettings& pair = settings.pairs[i / 2];
    const bool inside = i % 2 == 0;
    json port = {{"pair", pair.name},
                 {"side", inside ? "inside" : "outside"},
                 {"device", inside ? pair.inside.device : pair.outside.device},
                 {"counters", port_counters_json(counters[i], pair.ethertypes)}};
    if (i < ports.size()) {
      const PortState state = ports[i]->state();
      port["driver"] = ports[i]->driver();
      port["link_up"] = state.link_up;
      port["link_mbps"] = state.link_mbps;
      port["mtu_bytes"] = ports[i]->mtu_bytes();
      port["queues"] = ports[i]->queues();
      port["host_affinity"] = ports[i]->has_host_affinity();
      port["missed"] = state.missed;
      port["no_buffer"] = state.no_buffer;
      port["bad_frames"] = state.bad_frames;
    }
    list.push_back(std::move(port));
  }
  return list;
}

json worker_counters_json(const PipelineCounters& counters) {
  json exceptions = json::object();
  for (std::size_t cause = 0; cause < kExceptionCauses; ++cause) {
    json& row = exceptions[weir::to_string(static_cast<ExceptionCause>(cause))];
    for (std::size_t action = 0; action < kExceptionActions; ++action) {
      row[weir::to_string(static_cast<ExceptionAction>(action))] = counters.exceptions[cause][action];
    }
  }
  json overload = {{"level", to_string(static_cast<InspectedLevel>(counters.overload_level))},
                   {"steps", counters.overload_steps}};
  for (std::size_t level = 0; level < kInspectedLevels; ++level) {
    const char* name = to_string(static_cast<InspectedLevel>(level));
    overload["flows"][name] = counters.flows_at_level[level];
    overload["ms"][name] = counters.overload_ns[level] / kMillisecond;
  }
  json stages = json::object();
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    const StageTime& time = counters.stages[stage];
    stages[std::string(to_string(static_cast<Stage>(stage)))] = {{"cycles", time.cycles},
                                                                 {"packets", time.packets_total()}};
  }
  return {{"flows", counters.flows},
          {"flows_judged", counters.flows_judged},
          {"requests_waiting", counters.requests_waiting},
          {"stages", std::move(stages)},
          {"parked", counters.parked},
          {"fragments_held", counters.fragments_held},
          {"policy_revision", counters.policy_revision},
          {"channel", counters.channel_attached != 0 ? "attached" : "none"},
          {"channel_epoch", counters.channel_epoch},
          {"flows_opened", counters.flows_opened},
          {"flows_closed", counters.flows_closed},
          {"flows_reopened", counters.flows_reopened},
          {"packets_shown", counters.packets_shown},
          {"packets_not_shown", counters.packets_not_shown},
          {"packets_skipped", counters.packets_skipped},
          {"passed_by", counters.passed_by},
          {"syn_data_cut", counters.syn_data_cut},
          {"urgent_cleared", counters.urgent_cleared},
          {"answers", counters.answers},
          {"answers_stale", counters.answers_stale},
          {"decided", counters.decided},
          {"decided_again", counters.decided_again},
          {"old_verdict_kept", counters.old_verdict_kept},
          {"packets_in_tunnels", counters.packets_in_tunnels},
          {"tunnels", counters.tunnels},
          {"tunnels_full", counters.tunnels_full},
          {"icmp_errors", counters.icmp_errors},
          {"resets", counters.resets},
          {"verdicts_expired", counters.verdicts_expired},
          {"not_limited", counters.not_limited},
          {"classifier_faults", counters.classifier_faults},
          {"meters", counters.meters},
          {"handed_over", counters.handed_over},
          {"taken_over", counters.taken_over},
          {"answers_given", counters.answers_given},
          {"answers_refused", counters.answers_refused},
          {"answers_resent", counters.answers_resent},
          {"answers_lost", counters.answers_lost},
          {"injections", counters.injections},
          {"closes_waiting", counters.closes_waiting},
          {"closes_lost", counters.closes_lost},
          {"unanswered_evicted", counters.unanswered_evicted},
          {"half_open_unsaid", counters.half_open_unsaid},
          {"overload", std::move(overload)},
          {"exceptions", std::move(exceptions)}};
}

json flow_json(const FlowRow& row) {
  const channel::FlowOpened& flow = row.flow;
  json exceptions = json::array();
  for (std::size_t cause = 0; cause < kExceptionCauses; ++cause) {
    if ((row.exceptions >> cause & 1U) != 0) {
      exceptions.push_back(weir::to_string(static_cast<ExceptionCause>(cause)));
    }
  }
  return {{"number", flow.number},
          {"initiator", address_of(flow.initiator).to_string()},
          {"initiator_port", flow.initiator_port},
          {"responder", address_of(flow.responder).to_string()},
          {"responder_port", flow.responder_port},
          {"protocol", flow.protocol},
          {"vlan", flow.vlan},
          {"inner_vlans", flow.inner_vlans},
          {"pair", flow.pair},
          {"initiator_inside", flow.initiator_inside != 0},
          {"client_mac", MacAddress{flow.client_mac}.to_string()},
          {"state", row.state == FlowState::kDecided ? "decided" : "undecided"},
          {"verdict", kVerdicts.at(static_cast<std::size_t>(row.verdict))},
          {"tcp_state", kTcpStates.at(static_cast<std::size_t>(row.tcp_state))},
          {"policy_revision", row.policy_revision},
          {"inspected", to_string(flow.level)},
          {"parked", row.parked},
          {"exceptions", std::move(exceptions)},
          {"started_ns", row.started},
          {"last_seen_ns", row.last_seen},
          {"packets", row.packets},
          {"bytes", row.bytes},
          {"handshake_us", row.network.handshake_us},
          {"retransmitted", row.network.retransmitted},
          {"out_of_order", row.network.out_of_order},
          {"zero_windows", row.network.zero_windows},
          {"icmp_errors", row.network.icmp_errors},
          {"icmp_error", to_string(row.network.icmp_error)}};
}

}  // namespace weir::dataplane
