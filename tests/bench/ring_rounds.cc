// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/ring_rounds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace weir::bench {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<Round> rounds(const Options& options, const std::function<double(double)>& control,
                          const std::function<double(double)>& candidate) {
  std::vector<Round> done;
  for (int tried = 0; static_cast<int>(done.size()) < options.rounds && tried < 3 * options.rounds; ++tried) {
    const double before = control(options.seconds);
    const double ours = candidate(options.seconds);
    const double after = control(options.seconds);
    const double mean = (before + after) / 2;
    if (!options.smoke && std::abs(before - after) / mean > kControlSpreadMax) continue;
    done.push_back({.control = mean, .candidate = ours});
  }
  return done;
}

void report(const std::string& bench, const std::string& what, const std::vector<Round>& rounds,
            const std::string& more) {
  const auto all = [&rounds](auto value) {
    std::vector<double> values;
    for (const Round& round : rounds) values.push_back(value(round));
    return values;
  };
  const std::vector<double> ratios = all([](const Round& round) { return round.ratio(); });
  std::string line = fmt::format(R"({{"bench":"{}","case":"{}","rounds":{})", bench, what, rounds.size());
  if (!rounds.empty()) {
    line += fmt::format(R"(,"ratio":{:.4f},"ratio_min":{:.4f},"ratio_max":{:.4f},"added_ns":{:.2f},)"
                        R"("weir_ns":{:.2f},"control_ns":{:.2f})",
                        median(ratios), *std::min_element(ratios.begin(), ratios.end()),
                        *std::max_element(ratios.begin(), ratios.end()),
                        median(all([](const Round& round) { return round.added_ns(); })),
                        median(all([](const Round& round) { return 1e9 / round.candidate; })),
                        median(all([](const Round& round) { return 1e9 / round.control; })));
  }
  std::printf("%s%s}\n", line.c_str(), more.c_str());
  std::fflush(stdout);
}

}  // namespace weir::bench
