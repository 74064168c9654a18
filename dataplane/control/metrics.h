// SPDX-License-Identifier: Apache-2.0
// Every counter of the data plane as Prometheus metrics. What each means is in the table of this file's
// metrics.cc, which docs/operations.md repeats and a test compares.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/control/capture_desk.h"
#include "dataplane/io/port.h"
#include "dataplane/pipeline/counters.h"
#include "policy/model/settings.h"
#include "policy/model/time.h"

namespace weir::dataplane {

struct WorkerView {
  PipelineCounters counters;
  std::uint64_t turns = 0;
  TimeNs heartbeat_age = 0;
  bool stuck = false;
  std::uint64_t stuck_times = 0;
};

/// `ports` may be empty (a test): then nothing is told of their drivers and links.
struct MetricsView {
  const Settings& settings;
  std::span<const std::unique_ptr<Port>> ports;
  std::span<const PortCounters> port_counters;  // over all workers
  std::span<const WorkerView> workers;
  TimeNs uptime = 0;
  std::uint64_t tsc_hertz = 0;
  CaptureCounts captures{};
};
[[nodiscard]] std::string metrics_text(const MetricsView& view);

struct MetricRow {
  std::string_view name;
  std::string_view help;
};
/// All of them, for the documentation.
[[nodiscard]] std::vector<MetricRow> metric_rows();

}  // namespace weir::dataplane
