// SPDX-License-Identifier: Apache-2.0
#include "policy/export/counters.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "policy/model/metric_text.h"

namespace weir::output {
namespace {

constexpr std::array<std::string_view, kLosses> kLossWords{"unreadable", "too-long", "trimmed"};

}  // namespace

std::string metrics_text(std::span<const CountedOutput> outputs) {
  MetricText text;
  const auto each = [&](std::string_view name, MetricType type, std::string_view help, auto&& value) {
    text.metric(name, type, help);
    for (const CountedOutput& one : outputs) {
      text.sample({{"output", one.settings->name}, {"format", to_string(one.settings->format)}},
                  std::uint64_t{value(*one.counters)});
    }
  };
  using enum MetricType;
  each("weir_export_records_total", kCounter, "Records that the receiver of an output has.",
       [](const Counters& counters) { return counters.records.load(); });
  each("weir_export_bytes_total", kCounter, "Their bytes, as they were sent.",
       [](const Counters& counters) { return counters.bytes.load(); });
  each("weir_export_failures_total", kCounter,
       "Times that connecting to a receiver, or sending to it, failed.",
       [](const Counters& counters) { return counters.failures.load(); });
  each("weir_export_connected", kGauge, "1: the receiver takes records.",
       [](const Counters& counters) { return counters.connected.load() ? 1U : 0U; });
  each("weir_export_delivered_timestamp_seconds", kGauge, "When a receiver last got records; 0: never.",
       [](const Counters& counters) {
         return static_cast<std::uint64_t>(counters.delivered.load() / kSecond);
       });
  text.metric("weir_export_lost_total", kCounter,
              "Events and records that the receiver will never get, by reason.");
  for (const CountedOutput& one : outputs) {
    for (std::size_t i = 0; i < kLosses; ++i) {
      text.sample({{"output", one.settings->name}, {"reason", kLossWords[i]}}, one.counters->lost[i].load());
    }
  }
  return text.take();
}

Result<void> write_metrics(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  std::ofstream out{beside, std::ios::binary | std::ios::trunc};
  out << text;
  out.close();
  if (out && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace weir::output
