// SPDX-License-Identifier: Apache-2.0
// Builds metrics in Prometheus' text format (exposition format 0.0.4). The caller gives the samples of one
// metric one after the other; who serves the text is not its business.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

class MetricText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;
  using Labels = std::initializer_list<Label>;

  /// Begins a metric; its samples follow.
  void metric(std::string_view name, MetricType type, std::string_view help);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  /// `counts`: of each bucket alone; `bounds`: their upper ends, one fewer, for the last one has none.
  void histogram(Labels labels, std::span<const std::uint64_t> counts, std::span<const std::uint64_t> bounds,
                 std::uint64_t sum);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, Labels labels, std::string_view bound, std::string_view value);

  std::string name_;
  std::string text_;
};

}  // namespace weir
