// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/position.h"

#include "dataplane/packet/tcp_options.h"

namespace weir::dataplane {

const Injection* edits_of(Path& path, std::uint32_t slot) noexcept {
  return (path.flows.hot(slot).flags & kEdited) != 0 ? path.injections.of(slot) : nullptr;
}

std::optional<std::uint32_t> left_up_to(Path& path, std::uint32_t slot, Direction direction) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  const bool from_low = ((hot.flags & kInitiatorIsLow) != 0) == (direction == Direction::kFromInitiator);
  if ((hot.flags & (from_low ? kSequenceLow : kSequenceHigh)) == 0) return std::nullopt;
  const std::uint32_t seen = path.flows.cold(slot).next_sequence[index_of(direction)];
  std::uint32_t position = seen;
  const Inspection* judged = path.inspections.of(slot);
  std::uint32_t index = judged == nullptr ? kNoParked : judged->parked_head;
  while (index != kNoParked) {
    const ParkedPacket& parked = path.parking.at(index);
    if (parked.direction == direction && sequence_before(parked.meta.tcp_sequence, position)) {
      position = parked.meta.tcp_sequence;
    }
    index = parked.flow_next;
  }
  // What waits may also repeat what has long arrived.
  if (judged != nullptr && (judged->delivered_known & bit_of(direction)) != 0) {
    const Injection* edited = edits_of(path, slot);
    std::uint32_t delivered = judged->delivered[index_of(direction)];
    if (edited != nullptr) delivered = edited->edits[index_of(direction)].to_sender(delivered);
    if (sequence_before(position, delivered) && !sequence_before(seen, delivered)) position = delivered;
  }
  return position;
}

Positions positions_of(Path& path, std::uint32_t slot) noexcept {
  Positions left{left_up_to(path, slot, Direction::kFromInitiator),
                 left_up_to(path, slot, Direction::kFromResponder)};
  const Injection* edited = edits_of(path, slot);
  for (std::size_t i = 0; edited != nullptr && i < left.size(); ++i) {
    if (left[i]) left[i] = edited->edits[i].to_receiver(*left[i]);
  }
  return left;
}

Positions acknowledged_of(Path& path, std::uint32_t slot) noexcept {
  Positions acknowledged{};
  const Inspection* judged = path.inspections.of(slot);
  for (std::size_t i = 0; judged != nullptr && i < acknowledged.size(); ++i) {
    if ((judged->delivered_known >> i & 1U) != 0) acknowledged[i] = judged->delivered[i];
  }
  return acknowledged;
}

}  // namespace weir::dataplane
