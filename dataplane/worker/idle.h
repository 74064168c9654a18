// SPDX-License-Identifier: Apache-2.0
// How a worker pauses when no packet comes: it looks again at once for a while, then sleeps, longer each
// time. A pause is short while packets wait for the classifier.
#pragma once

#include <cstdint>

namespace weir::dataplane {

// Empty turns before the first sleep, a millisecond or two: a host that waits for an answer sends its next
// packet within that time, and must not wait for Weir as well.
inline constexpr std::uint32_t kIdleSpins = 16'384;
inline constexpr std::uint32_t kIdleSleepMinNs = 10'000;
inline constexpr std::uint32_t kIdleSleepMaxNs = 1'000'000;   // the delay an idle Weir may add to a packet
inline constexpr std::uint32_t kIdleDeepTurns = 1'000;        // empty turns, about a second, until it may add
inline constexpr std::uint32_t kIdleSleepDeepNs = 2'000'000;  // this: nearly all its cost is waking up
inline constexpr std::uint32_t kIdleSleepParkedNs = 20'000;   // while packets wait

class Handover;

class IdlePause {
 public:
  /// `others`: nullptr, or through whom other workers may end a sleep.
  explicit IdlePause(Handover* others = nullptr) : others_(others) {}

  /// Sets the calling thread's timer slack, without which the shortest sleep would be 50 us longer.
  static void prepare_thread();

  void busy() noexcept { empty_turns_ = 0; }
  /// One empty turn. Sleeps by itself; the nanoseconds it asked for (0: it did not sleep).
  std::uint32_t idle(bool packets_wait) noexcept;
  /// What the next empty turn would sleep.
  [[nodiscard]] std::uint32_t next_sleep_ns(bool packets_wait) const noexcept;

 private:
  Handover* others_;
  std::uint32_t empty_turns_ = 0;
};

}  // namespace weir::dataplane
