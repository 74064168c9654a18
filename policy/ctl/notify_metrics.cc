// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/notify_metrics.h"

#include "policy/model/metric_text.h"

namespace weir::ctl {

std::string notify_metrics(std::span<const ReceiverState> receivers) {
  MetricText text;
  const auto each = [&](std::string_view name, MetricType type, std::string_view help, auto&& value) {
    text.metric(name, type, help);
    for (const ReceiverState& one : receivers) {
      if (const std::optional<std::uint64_t> known = value(one))
        text.sample({{"receiver", one.name}}, *known);
    }
  };
  const auto seconds = [](TimeNs time) { return static_cast<std::uint64_t>(time / kSecond); };
  using enum MetricType;
  using Value = std::optional<std::uint64_t>;
  each("weir_notify_sent_total", kCounter, "Messages that a receiver of notifications has.",
       [](const ReceiverState& one) { return Value{one.progress.sent}; });
  each("weir_notify_failed_total", kCounter,
       "Messages that were refused or given up, and are kept as failed.",
       [](const ReceiverState& one) { return Value{one.progress.failed}; });
  each("weir_notify_waiting", kGauge, "Messages that wait for their receiver.",
       [](const ReceiverState& one) { return Value{one.waiting}; });
  each("weir_notify_owed", kGauge, "Violations that a receiver is still to be told of.",
       [](const ReceiverState& one) { return one.owed; });
  each("weir_notify_tries", kGauge, "Tries of the message that goes next; more than 1: the last one failed.",
       [](const ReceiverState& one) { return Value{one.progress.tries}; });
  each("weir_notify_sent_timestamp_seconds", kGauge, "When a receiver last got a message; 0: never.",
       [&](const ReceiverState& one) { return Value{seconds(one.progress.last_sent)}; });
  return text.take();
}

}  // namespace weir::ctl
