// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/position.h"

#include "dataplane/packet/tcp_options.h"

namespace weir::dataplane {

std::optional<std::uint32_t> left_up_to(Path& path, std::uint32_t slot, Direction direction) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  const bool from_low = ((hot.flags & kInitiatorIsLow) != 0) == (direction == Direction::kFromInitiator);
  if ((hot.flags & (from_low ? kSequenceLow : kSequenceHigh)) == 0) return std::nullopt;
  std::uint32_t position = path.flows.cold(slot).next_sequence[index_of(direction)];
  const Inspection* judged = path.inspections.of(slot);
  std::uint32_t index = judged == nullptr ? kNoParked : judged->parked_head;
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    if (parked.direction == direction && sequence_before(parked.meta.tcp_sequence, position)) {
      position = parked.meta.tcp_sequence;
    }
    index = parked.flow_next;
  }
  return position;
}

Positions positions_of(Path& path, std::uint32_t slot) noexcept {
  return {left_up_to(path, slot, Direction::kFromInitiator),
          left_up_to(path, slot, Direction::kFromResponder)};
}

}  // namespace weir::dataplane
