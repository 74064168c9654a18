// SPDX-License-Identifier: Apache-2.0
// What a classifier counts, as Prometheus metrics.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/engine/classifier.h"
#include "classifier/publish/event_sink.h"

namespace weir::classifier {

struct MetricsView {
  const ClassifierCounts& counts;
  EventCounts events;
  std::uint32_t worker = 0;
  std::uint32_t policy_revision = 0;
  bool attached = false;
  std::uint64_t answers_waiting = 0;
};
[[nodiscard]] std::string metrics_text(const MetricsView& view);

struct MetricRow {
  std::string_view name;
  std::string_view help;
};
/// All of them, for the documentation.
[[nodiscard]] std::vector<MetricRow> metric_rows();

}  // namespace weir::classifier
