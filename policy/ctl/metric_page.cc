// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/metric_page.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir::ctl {
namespace {
constexpr std::string_view kHelp = "# HELP ";
}

MetricPage::Metric& MetricPage::metric(std::string_view name) {
  const auto found = std::ranges::find(metrics_, name, &Metric::name);
  if (found != metrics_.end()) return *found;
  return metrics_.emplace_back(Metric{std::string{name}, {}, {}});
}

void MetricPage::add(std::string_view text) {
  Metric* current = nullptr;
  bool has_head = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (line.starts_with(kHelp)) {
      const std::string_view rest = line.substr(kHelp.size());
      current = &metric(rest.substr(0, rest.find_first_of(" \n")));
      has_head = !current->head.empty();
    }
    if (current == nullptr) continue;
    if (!line.starts_with('#')) {
      current->samples += line;
      if (!line.ends_with('\n')) current->samples += '\n';
    } else if (!has_head) {
      current->head += line;
    }
  }
}

void MetricPage::up(std::string_view part, std::string_view worker, bool answered) {
  Metric& up = metric("weir_up");
  up.head = "# HELP weir_up 1: this part of Weir answered.\n# TYPE weir_up gauge\n";
  const std::string who = worker.empty() ? "" : fmt::format(",worker=\"{}\"", worker);
  up.samples += fmt::format("weir_up{{part=\"{}\"{}}} {}\n", part, who, answered ? 1 : 0);
}

std::string MetricPage::text() const {
  std::string whole;
  for (const Metric& one : metrics_) whole += one.head + one.samples;
  return whole;
}

}  // namespace weir::ctl
