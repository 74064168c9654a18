// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/engine_metrics.h"

#include <algorithm>
#include <string_view>

#include "policy/model/metric_text.h"
#include "policy/model/time.h"

namespace weir::ctl {
namespace {

struct EngineCounter {
  const char* state;  // the name in the store
  std::string_view metric;
  std::string_view help;
};
constexpr EngineCounter kEngineCounters[] = {
    {"events_applied", "weir_engine_events_total", "Events that the engines have worked into the store."},
    {"events_duplicate", "weir_engine_events_duplicate_total",
     "Events that were delivered again and changed nothing."},
    {"events_dead", "weir_engine_events_dead_total", "Entries of the streams that no engine could read."},
    {"events_gone", "weir_engine_events_gone_total",
     "Entries that left a stream before an engine read them."},
    {"events_lost", "weir_engine_events_lost_total", "Events that were missing and were given up."},
    {"flows_evicted", "weir_engine_flows_evicted_total",
     "Final events that made room for others in the store."},
    {"violations_evicted", "weir_engine_violations_evicted_total", "Violations that made room for others."},
    {"software_evicted", "weir_engine_software_evicted_total",
     "Lines of the software inventory that made room."},
    {"sources_evicted", "weir_engine_sources_evicted_total",
     "Classifiers whose numbers are followed no more."},
    {"quotas_evicted", "weir_engine_quotas_evicted_total", "Sums of quotas that made room for others."},
    {"notifications_evicted", "weir_engine_notifications_evicted_total",
     "Violations of which a receiver will not be told: too many waited."},
    {"quota_facts", "weir_engine_quota_facts_total", "Facts about quotas told to classifiers."},
    {"quota_uses_ignored", "weir_engine_quota_uses_ignored_total", "Uses of quotas that count for nothing."},
};

std::uint64_t state_value(const std::map<std::string, std::int64_t>& state, const char* name) {
  const auto found = state.find(name);
  return found == state.end() ? 0 : static_cast<std::uint64_t>(std::max<std::int64_t>(found->second, 0));
}

}  // namespace

std::string engine_metrics(const std::map<std::string, std::int64_t>& state, std::int64_t missing) {
  MetricText text;
  for (const EngineCounter& row : kEngineCounters) {
    text.metric(row.metric, MetricType::kCounter, row.help);
    text.sample({}, state_value(state, row.state));
  }
  text.metric("weir_engine_events_missing", MetricType::kGauge,
              "Events that were jumped over and may still come.");
  text.sample({}, static_cast<std::uint64_t>(std::max<std::int64_t>(missing, 0)));
  text.metric("weir_engine_heartbeat_timestamp_seconds", MetricType::kGauge,
              "When an engine last showed that it lives.");
  text.sample({}, state_value(state, "heartbeat_ns") / static_cast<std::uint64_t>(kSecond));
  return text.take();
}

}  // namespace weir::ctl
