// SPDX-License-Identifier: Apache-2.0
// Flows over which a classifier died. Such a flow's addresses and ports are not shown to a classifier again
// for kQuarantineFor, and no flow of an initiator over whose flows it died kSourceFaultsMax times; the
// exception row classifier-fault speaks for them. While classifiers die oftener than kBreakerFaults times in
// kBreakerWindow, new flows are looked at for names only, so that nDPI sees nothing. It knows who died, not
// why: a classifier that is killed by hand over a request counts as well.
//
// Threads: one worker's.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/packet_meta.h"
#include "policy/model/time.h"

namespace weir::dataplane {

inline constexpr std::size_t kFaultsRemembered = 64;  // the oldest go first
inline constexpr TimeNs kQuarantineFor = 600 * kSecond;
inline constexpr std::size_t kSourceFaultsMax = 3;
inline constexpr std::size_t kBreakerFaults = 10;
inline constexpr TimeNs kBreakerWindow = 60 * kSecond;

class Quarantine {
 public:
  /// A classifier died over a request about this flow. `initiator`: its address.
  void note(const FlowKey& key, const std::array<std::uint8_t, 16>& initiator, TimeNs now) noexcept;

  /// Whether a flow must not be shown. Costs nothing while nothing is remembered.
  [[nodiscard]] bool holds(const FlowKey& key, const std::array<std::uint8_t, 16>& initiator,
                           TimeNs now) const noexcept {
    return count_ > 0 && now < until_ && finds(key, initiator, now);
  }
  /// Classifiers die too often: names only.
  [[nodiscard]] bool breaker_open(TimeNs now) const noexcept {
    return count_ > kBreakerFaults && now - nth_newest(kBreakerFaults) <= kBreakerWindow;
  }
  /// The clock was set by `step`.
  void shift_time(TimeNs step) noexcept;

 private:
  struct Fault {
    FlowKey key{};
    std::array<std::uint8_t, 16> initiator{};
    TimeNs at = 0;
  };
  [[nodiscard]] bool finds(const FlowKey& key, const std::array<std::uint8_t, 16>& initiator,
                           TimeNs now) const noexcept;
  /// When the fault was that has `newer` ones behind it; `newer` < count_.
  [[nodiscard]] TimeNs nth_newest(std::size_t newer) const noexcept {
    return faults_[(next_ + kFaultsRemembered - 1 - newer) % kFaultsRemembered].at;
  }

  std::array<Fault, kFaultsRemembered> faults_{};  // a ring
  std::size_t next_ = 0;
  std::size_t count_ = 0;
  TimeNs until_ = 0;  // nothing holds from then on
};

}  // namespace weir::dataplane
