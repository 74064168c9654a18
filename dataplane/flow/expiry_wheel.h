// SPDX-License-Identifier: Apache-2.0
// Idle expiry: one wheel of one-second buckets over FlowRest, lazily re-armed. A packet
// only writes FlowHot::last_seen; when the wheel reaches a flow it looks whether that flow is really idle and
// otherwise moves it to its new bucket. Work per call is bounded.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/flow/flow_table.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kWheelBuckets = 64;  // seconds; a power of two
/// A flow is looked at this often though its timeout is longer: a timeout may have become shorter meanwhile,
/// when the connection ended.
inline constexpr std::uint32_t kLookAgainAfterSeconds = 16;
inline constexpr std::uint32_t kExpiryLooksMax = 256;  // flows looked at in one call

/// Seconds by state, from the settings.
struct IdleTimeouts {
  std::uint32_t tcp_half_open_s = 30;
  std::uint32_t tcp_established_s = 3'600;
  std::uint32_t tcp_closed_s = 10;
  std::uint32_t udp_s = 120;
  std::uint32_t other_s = 60;
  [[nodiscard]] std::uint32_t of(const FlowHot& flow) const noexcept;
};

class ExpiryWheel {
 public:
  ExpiryWheel(FlowTable& flows, const IdleTimeouts& timeouts, Tick now);

  void arm(std::uint32_t slot) noexcept;     // after create
  void disarm(std::uint32_t slot) noexcept;  // before erase
  /// Collects up to `expired.size()` idle flows (still armed) and returns how many; looks at no more than
  /// kExpiryLooksMax flows a call.
  [[nodiscard]] std::size_t collect(Tick now, std::span<std::uint32_t> expired) noexcept;

 private:
  FlowTable& flows_;
  IdleTimeouts timeouts_;
  std::vector<std::uint32_t> heads_;
  Tick reached_ = 0;
};

}  // namespace weir::dataplane
