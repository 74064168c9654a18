// SPDX-License-Identifier: Apache-2.0
// Wakes a worker that sleeps because nothing came. Ringing a worker that is awake costs a fence and a load;
// the system is called only for one that sleeps, so never under load.
//
// The sleeper says that it sleeps, then looks for work once more; a giver gives, then looks whether the other
// sleeps. With a fence between the two steps on both sides at least one of them sees the other.
#pragma once

#include <atomic>
#include <cstdint>

namespace weir::dataplane {

class Bell {
 public:
  /// The owner, before it looks for work the last time.
  void prepare() noexcept;
  /// The owner, when there was none: sleeps until it is rung or the time is over.
  void sleep(std::uint32_t ns) noexcept;
  /// The owner, when there was some after all.
  void cancel() noexcept { asleep_.store(0, std::memory_order_relaxed); }
  /// Anybody, after giving work.
  void ring() noexcept;

 private:
  alignas(64) std::atomic<std::uint32_t> asleep_{0};
};

}  // namespace weir::dataplane
