// SPDX-License-Identifier: Apache-2.0
// Puts the metrics of several processes together into one page: each metric once, with the samples of all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::ctl {

class MetricPage {
 public:
  /// A whole text of one process; what stands before its first metric is dropped.
  void add(std::string_view text);
  /// The metric weir_up: whether that process answered.
  void up(std::string_view part, std::string_view worker, bool answered);
  [[nodiscard]] std::string text() const;

 private:
  struct Metric {
    std::string name;
    std::string head;  // HELP and TYPE
    std::string samples;
  };
  Metric& metric(std::string_view name);

  std::vector<Metric> metrics_;
};

}  // namespace weir::ctl
