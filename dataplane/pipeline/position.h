// SPDX-License-Identifier: Apache-2.0
// How far the streams of a TCP flow have left Weir. What was seen is FlowCold::next_sequence; what of it is
// parked has not left.
#pragma once

#include <optional>

#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

[[nodiscard]] inline Direction opposite(Direction direction) noexcept {
  return direction == Direction::kFromInitiator ? Direction::kFromResponder : Direction::kFromInitiator;
}

/// How the numbers of the flow's streams differ for their ends; nullptr where they do not.
[[nodiscard]] const Injection* edits_of(Path& path, std::uint32_t slot) noexcept;

/// The sequence number, as its sender counts, after the last byte of this direction that has left; none when
/// no byte of it was seen.
[[nodiscard]] std::optional<std::uint32_t> left_up_to(Path& path, std::uint32_t slot,
                                                      Direction direction) noexcept;

/// Of both directions, by the sender's Direction, and as the receiver counts.
using Positions = std::array<std::optional<std::uint32_t>, 2>;
[[nodiscard]] Positions positions_of(Path& path, std::uint32_t slot) noexcept;
/// What the receivers acknowledged last: where they stand when they did not take what has left since.
[[nodiscard]] Positions acknowledged_of(Path& path, std::uint32_t slot) noexcept;

}  // namespace weir::dataplane
