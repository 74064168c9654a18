// SPDX-License-Identifier: Apache-2.0
// Rounds of control, candidate, control: a round whose two controls differ by more than 5 % is void and not
// counted. One JSON object a line on standard output for each thing measured.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weir::bench {

inline constexpr double kControlSpreadMax = 0.05;

struct Options {
  int rounds = 5;
  double seconds = 1.0;  // of each of the three measurements of a round
  bool smoke = false;    // one short round, never void
};

struct Round {
  double control = 0;    // packets a second, mean of both
  double candidate = 0;  // packets a second
  [[nodiscard]] double ratio() const { return candidate / control; }
  [[nodiscard]] double added_ns() const { return 1e9 / candidate - 1e9 / control; }
};

/// Each function measures once for `seconds` and gives packets a second.
std::vector<Round> rounds(const Options& options, const std::function<double(double)>& control,
                          const std::function<double(double)>& candidate);

[[nodiscard]] double median(std::vector<double> values);

/// {"bench":..., "case":..., medians, extremes}; `more` is further JSON members, beginning with a comma.
void report(const std::string& bench, const std::string& what, const std::vector<Round>& rounds,
            const std::string& more = "");

}  // namespace weir::bench
