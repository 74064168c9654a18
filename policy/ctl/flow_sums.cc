// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/flow_sums.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace weir::ctl {

Json most_of(const FlowSums& sums, std::size_t most) {
  std::vector<std::pair<std::string, FlowSum>> sorted(sums.begin(), sums.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.flows > b.second.flows; });
  Json rows = Json::array();
  for (std::size_t i = 0; i < std::min(most, sorted.size()); ++i) {
    const auto& [name, sum] = sorted[i];
    rows.push_back({{"name", name}, {"flows", sum.flows}, {"bytes", sum.bytes}});
  }
  return rows;
}

std::string most_text(const FlowSums& sums, std::size_t most) {
  std::string line;
  for (const Json& row : most_of(sums, most)) {
    line += fmt::format("{}{} ({})", line.empty() ? "" : ", ", printable(row["name"].get<std::string>()),
                        row["flows"].get<std::uint64_t>());
  }
  const std::size_t left = sums.size() - std::min(most, sums.size());
  if (left > 0) line += fmt::format(", {} more", left);
  return line;
}

std::string count_text(std::uint64_t flows) { return fmt::format("{} flow{}", flows, flows == 1 ? "" : "s"); }

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1'000 && unit + 1 < kUnits.size()) {
    value /= 1'000;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace weir::ctl
