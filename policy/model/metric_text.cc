// SPDX-License-Identifier: Apache-2.0
#include "policy/model/metric_text.h"

#include <fmt/format.h>

namespace weir {
namespace {

constexpr std::array<std::string_view, 3> kTypes{"counter", "gauge", "histogram"};

/// A help text escapes backslash and line feed, a label's value also the quote.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void MetricText::metric(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(help, false), name,
                       kTypes.at(static_cast<std::size_t>(type)));
}

void MetricText::line(std::string_view suffix, Labels labels, std::string_view bound,
                      std::string_view value) {
  text_ += name_;
  text_ += suffix;
  const char* before = "{";
  for (const auto& [name, text] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", before, name, escaped(text, true));
    before = ",";
  }
  if (!bound.empty()) {
    text_ += fmt::format("{}le=\"{}\"", before, bound);
    before = ",";
  }
  if (before[0] == ',') text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

void MetricText::sample(Labels labels, std::uint64_t value) {
  line("", labels, "", fmt::format("{}", value));
}
void MetricText::sample(Labels labels, double value) { line("", labels, "", fmt::format("{}", value)); }

void MetricText::histogram(Labels labels, std::span<const std::uint64_t> counts,
                           std::span<const std::uint64_t> bounds, std::uint64_t sum) {
  std::uint64_t up_to_here = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    up_to_here += counts[i];
    line("_bucket", labels, i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf",
         fmt::format("{}", up_to_here));
  }
  line("_sum", labels, "", fmt::format("{}", sum));
  line("_count", labels, "", fmt::format("{}", up_to_here));
}

}  // namespace weir
