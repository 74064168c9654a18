// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/overload.h"

#include <algorithm>

namespace weir::dataplane {
namespace {

std::size_t index_of_level(InspectedLevel level) { return static_cast<std::size_t>(level); }

}  // namespace

const char* to_string(InspectedLevel level) {
  static constexpr std::array<const char*, kInspectedLevels> kNames = {"full", "names-only", "l4", "bypass"};
  return kNames.at(index_of_level(level));
}

OverloadLadder::OverloadLadder(const OverloadSettings& thresholds, TimeNs now)
    : begins_at_{0, thresholds.names_only_at, thresholds.l4_at, thresholds.bypass_at},
      since_(now),
      looked_(now) {}

void OverloadLadder::look(std::uint32_t fill, TimeNs now) noexcept {
  // The clock may have been set back; time that was not spent is not counted.
  if (now > looked_) held_[index_of_level(level_)] += static_cast<std::uint64_t>(now - looked_);
  if (now < since_) since_ = now;
  looked_ = now;
  std::size_t wanted = kInspectedLevels - 1;
  while (wanted > 0 && fill < begins_at_[wanted]) --wanted;
  const std::size_t here = index_of_level(level_);
  if (wanted > here) {
    step_to(static_cast<InspectedLevel>(wanted), now);
    return;
  }
  const std::uint32_t calm_below = begins_at_[here] - std::min(kOverloadHysteresis, begins_at_[here] / 2);
  if (fill >= calm_below) {
    since_ = now;
  } else if (now - since_ >= kOverloadDwell) {
    step_to(static_cast<InspectedLevel>(here - 1), now);
  }
}

void OverloadLadder::step_to(InspectedLevel level, TimeNs now) noexcept {
  level_ = level;
  since_ = now;
  ++steps_;
}

}  // namespace weir::dataplane
