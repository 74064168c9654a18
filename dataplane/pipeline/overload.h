// SPDX-License-Identifier: Apache-2.0
// How deeply a worker looks at new flows. The fuller its inspection channel or its parking, the less:
// full -> names-only -> l4 -> bypass, at the fills that the settings declare. Down at once and by any number
// of levels; up one level at a time, when the fill was kOverloadHysteresis below where the level begins for
// kOverloadDwell. It changes nothing for flows that are decided.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/channel/messages.h"
#include "policy/model/settings.h"
#include "policy/model/time.h"

namespace weir::dataplane {

using channel::InspectedLevel;

inline constexpr std::size_t kInspectedLevels = 4;
inline constexpr std::uint32_t kOverloadHysteresis = 10;      // percent
inline constexpr TimeNs kOverloadDwell = 100 * kMillisecond;  // of calm until a level is left upwards
[[nodiscard]] const char* to_string(InspectedLevel level);

class OverloadLadder {
 public:
  OverloadLadder(const OverloadSettings& thresholds, TimeNs now);

  /// Once a turn. `fill`: the greater of channel and parking, in percent.
  void look(std::uint32_t fill, TimeNs now) noexcept;
  [[nodiscard]] InspectedLevel level() const noexcept { return level_; }

  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  /// Time spent at each level, up to the last look.
  [[nodiscard]] const std::array<std::uint64_t, kInspectedLevels>& held_ns() const noexcept { return held_; }

 private:
  void step_to(InspectedLevel level, TimeNs now) noexcept;

  std::array<std::uint32_t, kInspectedLevels> begins_at_;  // percent
  InspectedLevel level_ = InspectedLevel::kFull;
  TimeNs since_;  // when the level began, or the last look that was not calm
  TimeNs looked_;
  std::uint64_t steps_ = 0;
  std::array<std::uint64_t, kInspectedLevels> held_{};
};

}  // namespace weir::dataplane
