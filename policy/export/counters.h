// SPDX-License-Identifier: Apache-2.0
// What an output counts. Its thread writes, the main thread reads.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "policy/model/error.h"
#include "policy/model/output_settings.h"
#include "policy/model/time.h"

namespace weir::output {

/// Why something will never be with the receiver.
enum class Loss : std::uint8_t {
  kUnreadable,  // unreadable: bytes in the stream that are no event (the engine keeps them in weir:dead)
  kTooLong,     // too-long: a record that the carrier does not take
  kTrimmed,     // trimmed: an event that left the stream before it was read
};
inline constexpr std::size_t kLosses = 3;

struct Counters {
  std::atomic<std::uint64_t> records = 0;   // with the receiver
  std::atomic<std::uint64_t> bytes = 0;     // of them, as they were sent
  std::atomic<std::uint64_t> failures = 0;  // connecting, sending or delivering failed
  std::array<std::atomic<std::uint64_t>, kLosses> lost = {};
  std::atomic<bool> connected = false;
  std::atomic<TimeNs> delivered = 0;  // when something last was with the receiver; 0: never

  void lose(Loss why, std::uint64_t count = 1) { lost[static_cast<std::size_t>(why)] += count; }
};

struct CountedOutput {
  const OutputSettings* settings;
  const Counters* counters;
};
/// All outputs in Prometheus' text format.
[[nodiscard]] std::string metrics_text(std::span<const CountedOutput> outputs);
/// Replaces the file in one step.
[[nodiscard]] Result<void> write_metrics(const std::string& path, const std::string& text);

}  // namespace weir::output
