// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/metrics.h"

#include <array>
#include <string>

#include "policy/model/metric_text.h"
#include "policy/model/settings.h"

namespace weir::classifier {
namespace {

using enum MetricType;

struct NumberRow {
  std::string_view name;
  MetricType type;
  std::string_view help;
  std::uint64_t (*number)(const MetricsView&);
};

#define WEIR_NUMBER(expression) [](const MetricsView& view) -> std::uint64_t { return expression; }
constexpr std::array kRows{
    NumberRow{"weir_classifier_attached", kGauge, "1: attached to the data plane's channel.",
              WEIR_NUMBER(view.attached ? 1 : 0)},
    NumberRow{"weir_classifier_policy_revision", kGauge, "The policy in force.",
              WEIR_NUMBER(view.policy_revision)},
    NumberRow{"weir_classifier_requests_total", kCounter, "Requests of the data plane.",
              WEIR_NUMBER(view.counts.requests)},
    NumberRow{"weir_classifier_packets_total", kCounter, "Packets looked at.",
              WEIR_NUMBER(view.counts.packets)},
    NumberRow{"weir_classifier_packets_stale_total", kCounter, "Packets of flows that were gone.",
              WEIR_NUMBER(view.counts.stale)},
    NumberRow{"weir_classifier_flows", kGauge, "Flows that are followed.", WEIR_NUMBER(view.counts.flows)},
    NumberRow{"weir_classifier_flows_undecided", kGauge, "Of them, those without a final answer.",
              WEIR_NUMBER(view.counts.flows_undecided)},
    NumberRow{"weir_classifier_settled_bytes", kGauge, "Memory of those that have one.",
              WEIR_NUMBER(view.counts.settled_bytes)},
    NumberRow{"weir_classifier_flows_opened_total", kCounter, "Flows announced.",
              WEIR_NUMBER(view.counts.opened)},
    NumberRow{"weir_classifier_flows_closed_total", kCounter, "Flows ended.",
              WEIR_NUMBER(view.counts.closed)},
    NumberRow{"weir_classifier_flows_closed_unknown_total", kCounter,
              "Flows that ended and were never followed here.", WEIR_NUMBER(view.counts.closed_unknown)},
    NumberRow{"weir_classifier_decisions_total", kCounter, "Times the policy was asked.",
              WEIR_NUMBER(view.counts.decisions)},
    NumberRow{"weir_classifier_conflicts_total", kCounter,
              "Packets that repeated bytes of their stream with other content.",
              WEIR_NUMBER(view.counts.conflicts)},
    NumberRow{"weir_classifier_ahead_total", kCounter, "Packets too far ahead of a lost segment to be kept.",
              WEIR_NUMBER(view.counts.ahead)},
    NumberRow{"weir_classifier_refusals_told_total", kCounter,
              "Times that a client was told in its own protocol that it is refused.",
              WEIR_NUMBER(view.counts.refused)},
    NumberRow{"weir_classifier_safe_answers_total", kCounter,
              "Questions answered with the safe name of a search engine.",
              WEIR_NUMBER(view.counts.made_safe)},
    NumberRow{"weir_classifier_clicks_total", kCounter,
              "Times that a client went on from the page of a rule with continue.",
              WEIR_NUMBER(view.counts.clicks)},
    NumberRow{"weir_classifier_clicks_refused_total", kCounter,
              "Clicks with a token that the client was not given, or too long ago.",
              WEIR_NUMBER(view.counts.clicks_refused)},
    NumberRow{"weir_classifier_clicks_evicted_total", kCounter, "Click-throughs that made room for others.",
              WEIR_NUMBER(view.counts.clicks_evicted)},
    NumberRow{"weir_classifier_hits_unsaid_total", kCounter,
              "Rules that matched and found no room in an event.", WEIR_NUMBER(view.counts.hits_unsaid)},
    NumberRow{"weir_classifier_assembly_bytes", kGauge, "Bytes of streams that are held.",
              WEIR_NUMBER(view.counts.bytes_held)},
    NumberRow{"weir_classifier_answers_waiting", kGauge, "Answers that wait for room in the channel.",
              WEIR_NUMBER(view.answers_waiting)},
    NumberRow{"weir_classifier_clients", kGauge, "Clients that are known by a hardware or a network address.",
              WEIR_NUMBER(view.counts.clients)},
    NumberRow{"weir_classifier_dns_evidence", kGauge, "Addresses that a client has a name for.",
              WEIR_NUMBER(view.counts.dns_evidence)},
    NumberRow{"weir_classifier_regrouped_total", kCounter,
              "Decided flows whose client came into another group of the policy.",
              WEIR_NUMBER(view.counts.regrouped)},
    NumberRow{"weir_classifier_identity_evicted_total", kCounter,
              "Clients and names that made room for others.", WEIR_NUMBER(view.counts.identity_evicted)},
    NumberRow{"weir_classifier_quota_facts", kGauge, "Subjects of quotas whose use is known.",
              WEIR_NUMBER(view.counts.quota_facts)},
    NumberRow{"weir_classifier_quota_facts_lost_total", kCounter,
              "Facts about quotas for which there was no room.", WEIR_NUMBER(view.counts.quota_facts_lost)},
    NumberRow{"weir_events_total", kCounter, "Events said.", WEIR_NUMBER(view.events.accepted)},
    NumberRow{"weir_events_delivered_total", kCounter, "Events that Redis has.",
              WEIR_NUMBER(view.events.delivered)},
    NumberRow{"weir_events_queued", kGauge, "Events that wait for Redis.", WEIR_NUMBER(view.events.waiting)},
    NumberRow{"weir_events_recovered_total", kCounter, "Events that an earlier classifier had left.",
              WEIR_NUMBER(view.events.recovered)},
    NumberRow{"weir_events_spooled", kGauge, "Events that wait on disk.", WEIR_NUMBER(view.events.spooled)},
    NumberRow{"weir_events_spool_bytes", kGauge, "Bytes of events on disk.",
              WEIR_NUMBER(view.events.spool_bytes)},
    NumberRow{"weir_events_spool_errors_total", kCounter, "Times that the disk took no events.",
              WEIR_NUMBER(view.events.spool_errors)},
    NumberRow{"weir_events_spool_damaged_total", kCounter, "Places on disk at which bytes were no event.",
              WEIR_NUMBER(view.events.spool_damaged)},
    NumberRow{"weir_events_connected", kGauge, "1: Redis takes events.",
              WEIR_NUMBER(view.events.connected ? 1 : 0)},
};
#undef WEIR_NUMBER

constexpr MetricRow kLost{"weir_events_lost_total", "Events that will never be delivered, by reason."};
constexpr MetricRow kVerdicts{"weir_classifier_verdicts_total", "Final verdicts, by action."};
constexpr MetricRow kExceptions{"weir_classifier_exceptions_total",
                                "Conditions of the exception table that the classifier met."};

}  // namespace

std::string metrics_text(const MetricsView& view) {
  MetricText text;
  const std::string index = std::to_string(view.worker);
  const MetricText::Label worker{"worker", index};
  for (const NumberRow& row : kRows) {
    text.metric(row.name, row.type, row.help);
    text.sample({worker}, row.number(view));
  }
  text.metric(kLost.name, kCounter, kLost.help);
  for (const LossReason& reason : kLossReasons)
    text.sample({worker, {"reason", reason.name}}, view.events.lost.*reason.count);
  text.metric(kVerdicts.name, kCounter, kVerdicts.help);
  text.sample({worker, {"action", "forward"}}, view.counts.forwarded);
  text.sample({worker, {"action", "drop"}}, view.counts.dropped);
  text.sample({worker, {"action", "reset"}}, view.counts.reset);
  text.metric(kExceptions.name, kCounter, kExceptions.help);
  for (std::size_t cause = 0; cause < kExceptionCauses; ++cause) {
    text.sample({worker, {"cause", to_string(static_cast<ExceptionCause>(cause))}},
                view.counts.exceptions.at(cause));
  }
  return text.take();
}

std::vector<MetricRow> metric_rows() {
  std::vector<MetricRow> rows;
  for (const NumberRow& row : kRows) rows.push_back({row.name, row.help});
  rows.push_back(kLost);
  rows.push_back(kVerdicts);
  rows.push_back(kExceptions);
  return rows;
}

}  // namespace weir::classifier
