// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/metrics.h"

#include <fmt/format.h>

#include "dataplane/pipeline/overload.h"
#include "policy/model/metric_text.h"

namespace weir::dataplane {
namespace {

using enum MetricType;

/// One number of a port or of a worker.
template <typename Counters>
struct NumberRow {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::uint64_t Counters::*number;
};

constexpr std::array kPortRows{
    NumberRow<PortCounters>{"weir_port_received_packets_total", kCounter, "Frames that came in at the port.",
                            &PortCounters::received},
    NumberRow<PortCounters>{"weir_port_received_bytes_total", kCounter, "Their bytes, without FCS.",
                            &PortCounters::received_bytes},
    NumberRow<PortCounters>{"weir_port_transmitted_packets_total", kCounter,
                            "Of the frames that came in at the port: left at the other one of its pair.",
                            &PortCounters::transmitted},
    NumberRow<PortCounters>{"weir_port_transmitted_bytes_total", kCounter, "Their bytes, without FCS.",
                            &PortCounters::transmitted_bytes},
    NumberRow<PortCounters>{"weir_port_parked_packets", kGauge,
                            "Frames that wait now, for an answer or the rest of their datagram.",
                            &PortCounters::parked},
    NumberRow<PortCounters>{"weir_port_bypassed_packets_total", kCounter,
                            "Of the frames that came in at the port: left unseen, the pair was in bypass.",
                            &PortCounters::bypassed},
    NumberRow<PortCounters>{"weir_port_broadcast_packets_total", kCounter,
                            "Frames that came in at the port for everybody.", &PortCounters::broadcast},
    NumberRow<PortCounters>{"weir_port_multicast_packets_total", kCounter,
                            "Frames that came in at the port for a group, not for everybody.",
                            &PortCounters::multicast},
    NumberRow<PortCounters>{"weir_port_injected_packets_total", kCounter,
                            "Packets that Weir built and sent out of the port.", &PortCounters::injected},
    NumberRow<PortCounters>{"weir_port_injected_lost_packets_total", kCounter,
                            "Packets that Weir built and could not send.", &PortCounters::injected_lost},
};

using Counts = PipelineCounters;
constexpr std::array kWorkerRows{
    NumberRow<Counts>{"weir_flows", kGauge, "Flows in the table.", &Counts::flows},
    NumberRow<Counts>{"weir_flows_judged", kGauge, "Flows of which packets wait or bytes pass unseen.",
                      &Counts::flows_judged},
    NumberRow<Counts>{"weir_flows_opened_total", kCounter, "Flows begun.", &Counts::flows_opened},
    NumberRow<Counts>{"weir_flows_closed_total", kCounter, "Flows ended.", &Counts::flows_closed},
    NumberRow<Counts>{"weir_flows_reopened_total", kCounter,
                      "Flows whose SYN took the tuple of a closed connection.", &Counts::flows_reopened},
    NumberRow<Counts>{"weir_flow_ends_waiting", kGauge, "Ends of flows that wait for room in the channel.",
                      &Counts::closes_waiting},
    NumberRow<Counts>{"weir_flow_ends_lost_total", kCounter, "Ends of flows that reached no classifier.",
                      &Counts::closes_lost},
    NumberRow<Counts>{"weir_parked_packets", kGauge, "Packets that wait now.", &Counts::parked},
    NumberRow<Counts>{"weir_fragments_held", kGauge, "Of those: fragments whose datagram is not whole.",
                      &Counts::fragments_held},
    NumberRow<Counts>{"weir_inspected_packets_total", kCounter, "Packets shown to the classifier.",
                      &Counts::packets_shown},
    NumberRow<Counts>{"weir_not_inspected_packets_total", kCounter,
                      "Packets that the channel had no room for and that nothing depended on.",
                      &Counts::packets_not_shown},
    NumberRow<Counts>{"weir_skipped_packets_total", kCounter,
                      "Packets within bytes that the classifier did not want to see.",
                      &Counts::packets_skipped},
    NumberRow<Counts>{"weir_answers_total", kCounter, "Answers of the classifier.", &Counts::answers},
    NumberRow<Counts>{"weir_answers_stale_total", kCounter, "Answers about flows that were gone.",
                      &Counts::answers_stale},
    NumberRow<Counts>{"weir_verdicts_total", kCounter, "Final verdicts applied.", &Counts::decided},
    NumberRow<Counts>{"weir_verdicts_asked_again_total", kCounter,
                      "Flows asked about again after a policy change.", &Counts::decided_again},
    NumberRow<Counts>{
        "weir_verdicts_kept_packets_total", kCounter,
        "Packets that followed an old verdict while the new one was asked for, or nobody could be.",
        &Counts::old_verdict_kept},
    NumberRow<Counts>{"weir_verdicts_expired_total", kCounter,
                      "Flows asked about again since the time of their verdict was over.",
                      &Counts::verdicts_expired},
    NumberRow<Counts>{"weir_classifier_faults_total", kCounter,
                      "Classifiers that died over a request: its flow is not shown again.",
                      &Counts::classifier_faults},
    NumberRow<Counts>{"weir_resets_total", kCounter, "Flows whose two ends were told of a reset.",
                      &Counts::resets},
    NumberRow<Counts>{"weir_meters", kGauge, "Rates of verdicts in use.", &Counts::meters},
    NumberRow<Counts>{"weir_not_limited_total", kCounter, "Verdicts with a rate that found no meter.",
                      &Counts::not_limited},
    NumberRow<Counts>{"weir_handed_over_packets_total", kCounter,
                      "Packets received here and given to the worker of their host.", &Counts::handed_over},
    NumberRow<Counts>{"weir_taken_over_packets_total", kCounter,
                      "Packets that other workers received for hosts of this one.", &Counts::taken_over},
    NumberRow<Counts>{"weir_answers_given_total", kCounter, "Payloads sent in the name of an end.",
                      &Counts::answers_given},
    NumberRow<Counts>{"weir_answers_refused_total", kCounter,
                      "Payloads that could not be sent: both ends were reset.", &Counts::answers_refused},
    NumberRow<Counts>{"weir_answers_resent_total", kCounter, "Payloads sent once more.",
                      &Counts::answers_resent},
    NumberRow<Counts>{"weir_answers_lost_total", kCounter, "Payloads that nobody acknowledged.",
                      &Counts::answers_lost},
    NumberRow<Counts>{"weir_edited_flows", kGauge, "TCP flows into which Weir has put bytes.",
                      &Counts::injections},
    NumberRow<Counts>{"weir_tunnels", kGauge, "Tunnels known.", &Counts::tunnels},
    NumberRow<Counts>{"weir_tunnelled_packets_total", kCounter,
                      "Packets judged by what is inside their tunnel.", &Counts::packets_in_tunnels},
    NumberRow<Counts>{"weir_tunnels_full_packets_total", kCounter,
                      "Packets judged by their outside, for too many tunnels are known.",
                      &Counts::tunnels_full},
    NumberRow<Counts>{"weir_icmp_errors_total", kCounter,
                      "ICMP errors taken for the flow that they are about.", &Counts::icmp_errors},
    NumberRow<Counts>{"weir_unanswered_evicted_total", kCounter,
                      "Flows that nobody had answered and a full table gave up.",
                      &Counts::unanswered_evicted},
    NumberRow<Counts>{"weir_half_open_unsaid_total", kCounter,
                      "Half-open flows whose end an overloaded classifier was not told.",
                      &Counts::half_open_unsaid},
    NumberRow<Counts>{"weir_overload_level", kGauge,
                      "How deeply flows are looked at: 0 full, 1 names-only, 2 l4, 3 bypass.",
                      &Counts::overload_level},
    NumberRow<Counts>{"weir_overload_steps_total", kCounter, "Times that level changed.",
                      &Counts::overload_steps},
    NumberRow<Counts>{"weir_passed_by_packets_total", kCounter,
                      "Packets forwarded without being believed: a receiver takes nothing of them.",
                      &Counts::passed_by},
    NumberRow<Counts>{"weir_syn_data_cut_packets_total", kCounter, "SYNs that lost their data.",
                      &Counts::syn_data_cut},
    NumberRow<Counts>{"weir_urgent_cleared_packets_total", kCounter,
                      "Packets that lost their urgent pointer.", &Counts::urgent_cleared},
    NumberRow<Counts>{"weir_remembered_packets_total", kCounter, "Packets copied for captures.",
                      &Counts::packets_captured},
    NumberRow<Counts>{"weir_captures_missed_total", kCounter,
                      "Blocked flows that no capture could be begun for in time.", &Counts::captures_missed},
    NumberRow<Counts>{"weir_channel_requests_waiting", kGauge,
                      "Records of the channel that the classifier has not read.", &Counts::requests_waiting},
    NumberRow<Counts>{"weir_channel_attached", kGauge, "1: a classifier is attached.",
                      &Counts::channel_attached},
    NumberRow<Counts>{"weir_channel_attached_total", kCounter, "Classifiers attached so far.",
                      &Counts::channel_epoch},
    NumberRow<Counts>{"weir_policy_revision", kGauge, "The policy in force.", &Counts::policy_revision},
};

constexpr MetricRow kInfo{"weir_info", "1; which appliance and version this is."};
constexpr MetricRow kUptime{"weir_uptime_seconds", "Since the data plane started."};
constexpr MetricRow kDropped{"weir_port_dropped_packets_total",
                             "Frames that came in at the port and did not leave, by reason."};
constexpr MetricRow kReason{"weir_drop_reason_info", "1; what a reason for a drop means."};
constexpr MetricRow kClasses{"weir_port_frames_total",
                             "Frames that came in at the port, by what they carry."};
constexpr MetricRow kLink{"weir_port_link_up", "1: the port has its link."};
constexpr MetricRow kMissed{"weir_port_missed_packets_total",
                            "Frames that the device lost since its queue was full."};
constexpr MetricRow kNoBuffer{"weir_port_no_buffer_packets_total",
                              "Frames that the device lost since no packet buffer was left."};
constexpr MetricRow kBad{"weir_port_bad_frames_total", "Frames that the device refused as damaged."};
constexpr MetricRow kExceptions{"weir_exceptions_total",
                                "Applications of the exception table, by cause and action."};
constexpr MetricRow kFlowsMax{"weir_flows_max", "Entries of the flow table (memory.flows)."};
constexpr MetricRow kParkedMax{"weir_parked_packets_max", "Packets that may wait (memory.parked)."};
constexpr MetricRow kChannelMax{"weir_channel_requests_max",
                                "Records of the channel (memory.channel_requests)."};
constexpr MetricRow kStages{
    "weir_stage_packet_cycles",
    "Cycles that a stage of the packet path takes for a packet, by the averages of the "
    "bursts that were timed."};
constexpr MetricRow kTsc{"weir_tsc_hertz", "Cycles in a second."};
constexpr MetricRow kLevelSeconds{"weir_overload_seconds_total", "Time spent at each level."};
constexpr MetricRow kLevelFlows{"weir_inspected_flows_total",
                                "Flows by the level at which they were announced, or let go."};
constexpr MetricRow kEthertypes{"weir_port_other_frames_total",
                                "Frames without IP, by ethertype as the pair's table names it, and fate."};
constexpr MetricRow kCaptures{"weir_captures_total", "Captures begun."};
constexpr MetricRow kCapturesRefused{"weir_captures_refused_total",
                                     "Blocked flows without a capture, since too many run or were begun."};
constexpr MetricRow kCapturesFailed{"weir_captures_failed_total", "Captures that could not be written."};
constexpr MetricRow kCapturesRunning{"weir_captures_running", "Captures that run."};
constexpr MetricRow kTurns{"weir_worker_turns_total", "Rounds that the worker has ended."};
constexpr MetricRow kHeartbeat{"weir_worker_heartbeat_age_seconds", "Since the worker ended a round."};
constexpr MetricRow kStuck{"weir_worker_stuck", "1: the worker does not go round."};
constexpr MetricRow kStuckTimes{"weir_worker_stuck_total", "How often it was found so."};

constexpr std::array kOtherRows{
    kInfo,       kUptime,   kDropped,         kReason,         kClasses,        kLink,         kMissed,
    kBad,        kNoBuffer, kExceptions,      kFlowsMax,       kParkedMax,      kChannelMax,   kStages,
    kTsc,        kTurns,    kHeartbeat,       kStuck,          kStuckTimes,     kLevelSeconds, kLevelFlows,
    kEthertypes, kCaptures, kCapturesRefused, kCapturesFailed, kCapturesRunning};

double seconds(TimeNs time) { return static_cast<double>(time) / static_cast<double>(kSecond); }

void begin(MetricText& text, const MetricRow& row, MetricType type) { text.metric(row.name, type, row.help); }

/// Calls `with(labels..., index)` for every port.
template <typename With>
void for_ports(const MetricsView& view, With with) {
  for (std::size_t i = 0; i < view.settings.pairs.size() * 2; ++i) {
    with(i, MetricText::Label{"pair", view.settings.pairs[i / 2].name},
         MetricText::Label{"side", i % 2 == 0 ? "inside" : "outside"});
  }
}

template <typename With>
void for_workers(const MetricsView& view, With with) {
  for (std::size_t i = 0; i < view.workers.size(); ++i) {
    const std::string index = std::to_string(i);
    with(view.workers[i], MetricText::Label{"worker", index});
  }
}

void add_ports(MetricText& text, const MetricsView& view) {
  for (const auto& row : kPortRows) {
    text.metric(row.name, row.type, row.help);
    for_ports(view, [&](std::size_t i, auto pair, auto side) {
      text.sample({pair, side}, view.port_counters[i].*row.number);
    });
  }
  begin(text, kDropped, kCounter);
  for_ports(view, [&](std::size_t i, auto pair, auto side) {
    for (std::size_t reason = 1; reason < kDropReasonCount; ++reason) {
      text.sample({pair, side, {"reason", drop_reason_texts().at(reason).name}},
                  view.port_counters[i].dropped.at(reason));
    }
  });
  begin(text, kClasses, kCounter);
  for_ports(view, [&](std::size_t i, auto pair, auto side) {
    for (std::size_t one = 0; one < kFrameClassCount; ++one) {
      text.sample({pair, side, {"class", to_string(static_cast<FrameClass>(one))}},
                  view.port_counters[i].classes.at(one));
    }
  });
}

void add_ethertypes(MetricText& text, const MetricsView& view) {
  begin(text, kEthertypes, kCounter);
  for_ports(view, [&](std::size_t i, auto pair, auto side) {
    const auto& rows = view.settings.pairs[i / 2].ethertypes.rows;
    const auto add = [&](std::string_view name, std::size_t row) {
      const auto& counts = view.port_counters[i].ethertypes.at(row);
      text.sample({pair, side, {"type", name}, {"fate", "pass"}}, counts[0]);
      text.sample({pair, side, {"type", name}, {"fate", "drop"}}, counts[1]);
    };
    for (std::size_t row = 0; row < rows.size(); ++row) add(rows[row].name, row);
    add("other", kEthertypeRowsMax);
  });
}

void add_devices(MetricText& text, const MetricsView& view) {
  std::vector<PortState> states;
  for (const auto& port : view.ports) states.push_back(port->state());
  if (states.size() < view.settings.pairs.size() * 2) return;
  const auto add = [&](const MetricRow& row, MetricType type, auto number) {
    begin(text, row, type);
    for_ports(view, [&](std::size_t i, auto pair, auto side) {
      text.sample({pair, side, {"device", view.ports[i]->device()}}, std::uint64_t{number(states[i])});
    });
  };
  add(kLink, kGauge, [](const PortState& state) { return state.link_up ? 1U : 0U; });
  add(kMissed, kCounter, [](const PortState& state) { return state.missed; });
  add(kNoBuffer, kCounter, [](const PortState& state) { return state.no_buffer; });
  add(kBad, kCounter, [](const PortState& state) { return state.bad_frames; });
}

void add_pipelines(MetricText& text, const MetricsView& view) {
  for (const auto& row : kWorkerRows) {
    text.metric(row.name, row.type, row.help);
    for_workers(view,
                [&](const WorkerView& one, auto worker) { text.sample({worker}, one.counters.*row.number); });
  }
  begin(text, kExceptions, kCounter);
  for_workers(view, [&](const WorkerView& one, auto worker) {
    for (std::size_t cause = 0; cause < kExceptionCauses; ++cause) {
      const MetricText::Label name{"cause", weir::to_string(static_cast<ExceptionCause>(cause))};
      for (std::size_t action = 0; action < kExceptionActions; ++action) {
        text.sample({worker, name, {"action", weir::to_string(static_cast<ExceptionAction>(action))}},
                    one.counters.exceptions.at(cause).at(action));
      }
    }
  });
  const auto by_level = [&](const MetricRow& row, auto add) {
    begin(text, row, kCounter);
    for_workers(view, [&](const WorkerView& one, auto worker) {
      for (std::size_t level = 0; level < kInspectedLevels; ++level) {
        add(one.counters, level, worker,
            MetricText::Label{"level", to_string(static_cast<InspectedLevel>(level))});
      }
    });
  };
  by_level(kLevelSeconds, [&](const PipelineCounters& counters, std::size_t level, auto worker, auto name) {
    text.sample({worker, name}, seconds(static_cast<TimeNs>(counters.overload_ns.at(level))));
  });
  by_level(kLevelFlows, [&](const PipelineCounters& counters, std::size_t level, auto worker, auto name) {
    text.sample({worker, name}, counters.flows_at_level.at(level));
  });
  std::array<std::uint64_t, kStageBuckets - 1> bounds{};
  for (std::size_t i = 0; i < bounds.size(); ++i) bounds[i] = 1ULL << (i + kStageBucketFirst);
  begin(text, kStages, kHistogram);
  for_workers(view, [&](const WorkerView& one, auto worker) {
    for (std::size_t stage = 0; stage < kStageCount; ++stage) {
      const StageTime& time = one.counters.stages.at(stage);
      text.histogram({worker, {"stage", to_string(static_cast<Stage>(stage))}}, time.packets, bounds,
                     time.cycles);
    }
  });
}

void add_workers(MetricText& text, const MetricsView& view) {
  const auto add = [&](const MetricRow& row, MetricType type, auto number) {
    begin(text, row, type);
    for_workers(view, [&](const WorkerView& one, auto worker) { text.sample({worker}, number(one)); });
  };
  const MemorySettings& memory = view.settings.memory;
  add(kFlowsMax, kGauge, [&](const WorkerView&) { return std::uint64_t{memory.flows}; });
  add(kParkedMax, kGauge, [&](const WorkerView&) { return std::uint64_t{memory.parked}; });
  add(kChannelMax, kGauge, [&](const WorkerView&) { return std::uint64_t{memory.channel_requests}; });
  add(kTurns, kCounter, [](const WorkerView& one) { return one.turns; });
  add(kHeartbeat, kGauge, [](const WorkerView& one) { return seconds(one.heartbeat_age); });
  add(kStuck, kGauge, [](const WorkerView& one) { return std::uint64_t{one.stuck ? 1U : 0U}; });
  add(kStuckTimes, kCounter, [](const WorkerView& one) { return one.stuck_times; });
}

}  // namespace

std::string metrics_text(const MetricsView& view) {
  MetricText text;
  begin(text, kInfo, kGauge);
  text.sample({{"appliance", view.settings.appliance}, {"version", WEIR_VERSION}}, std::uint64_t{1});
  begin(text, kUptime, kGauge);
  text.sample({}, seconds(view.uptime));
  begin(text, kTsc, kGauge);
  text.sample({}, view.tsc_hertz);
  begin(text, kReason, kGauge);
  for (std::size_t reason = 1; reason < kDropReasonCount; ++reason) {
    const DropReasonText& one = drop_reason_texts().at(reason);
    text.sample({{"reason", one.name}, {"help", one.help}}, std::uint64_t{1});
  }
  add_ports(text, view);
  add_ethertypes(text, view);
  add_devices(text, view);
  add_pipelines(text, view);
  add_workers(text, view);
  begin(text, kCaptures, kCounter);
  text.sample({}, view.captures.started);
  begin(text, kCapturesRefused, kCounter);
  text.sample({}, view.captures.refused);
  begin(text, kCapturesFailed, kCounter);
  text.sample({}, view.captures.failed);
  begin(text, kCapturesRunning, kGauge);
  text.sample({}, view.captures.running);
  return text.take();
}

std::vector<MetricRow> metric_rows() {
  std::vector<MetricRow> rows(kOtherRows.begin(), kOtherRows.end());
  for (const auto& row : kPortRows) rows.push_back({row.name, row.help});
  for (const auto& row : kWorkerRows) rows.push_back({row.name, row.help});
  return rows;
}

}  // namespace weir::dataplane
