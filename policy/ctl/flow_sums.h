// SPDX-License-Identifier: Apache-2.0
// Flows and their bytes, counted by four things that people ask for: rule, client, name and application.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "policy/ctl/output.h"

namespace weir::ctl {

struct FlowSum {
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  void add(std::uint64_t flow_bytes) {
    ++flows;
    bytes += flow_bytes;
  }
};
using FlowSums = std::map<std::string, FlowSum>;

/// [{name, flows, bytes}], at most `most`, those with the most flows first.
[[nodiscard]] Json most_of(const FlowSums& sums, std::size_t most);
/// "a (3), b (2), 4 more".
[[nodiscard]] std::string most_text(const FlowSums& sums, std::size_t most);
/// "1 flow".
[[nodiscard]] std::string count_text(std::uint64_t flows);
/// "1.5 MB", of powers of ten.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace weir::ctl
