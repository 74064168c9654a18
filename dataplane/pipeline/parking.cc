// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/parking.h"

#include <algorithm>

#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {

Parking::Parking(Inspections& inspections, std::uint32_t capacity, std::uint32_t per_flow_max)
    : inspections_(inspections), pool_(capacity), per_flow_max_(std::min(per_flow_max, kParkedPerFlowMax)) {
  for (std::uint32_t i = capacity; i-- > 0;) {
    pool_[i].newer = free_;
    free_ = i;
  }
}

Parking::~Parking() {
  while (oldest_ != kNoParked) rte_pktmbuf_free(take(oldest_).packet);
}

bool Parking::has_room(const Inspection& flow, const rte_mbuf* packet) const noexcept {
  return frames_ + frame_count(packet) <= pool_.size() && flow.parked_count < per_flow_max_;
}

void Parking::park(const ParkedPacket& parked) noexcept {
  const std::uint32_t index = free_;
  ParkedPacket& place = pool_[index];
  free_ = place.newer;
  place = parked;

  Inspection& flow = *inspections_.of(parked.slot);
  place.flow_next = kNoParked;
  place.flow_previous = flow.parked_tail;
  (flow.parked_tail == kNoParked ? flow.parked_head : pool_[flow.parked_tail].flow_next) = index;
  flow.parked_tail = index;
  ++flow.parked_count;

  place.newer = kNoParked;
  place.older = newest_;
  (newest_ == kNoParked ? oldest_ : pool_[newest_].newer) = index;
  newest_ = index;
  ++count_;
  frames_ += frame_count(parked.packet);
}

ParkedPacket Parking::take(std::uint32_t index) noexcept {
  ParkedPacket& place = pool_[index];
  Inspection& flow = *inspections_.of(place.slot);
  (place.flow_previous == kNoParked ? flow.parked_head : pool_[place.flow_previous].flow_next) =
      place.flow_next;
  (place.flow_next == kNoParked ? flow.parked_tail : pool_[place.flow_next].flow_previous) =
      place.flow_previous;
  --flow.parked_count;

  (place.older == kNoParked ? oldest_ : pool_[place.older].newer) = place.newer;
  (place.newer == kNoParked ? newest_ : pool_[place.newer].older) = place.older;
  --count_;
  frames_ -= frame_count(place.packet);

  const ParkedPacket taken = place;
  place.packet = nullptr;
  place.newer = free_;
  free_ = index;
  return taken;
}

void Parking::shift_time(TimeNs step) noexcept {
  for (std::uint32_t i = oldest_; i != kNoParked; i = pool_[i].newer) pool_[i].since += step;
}

bool Parking::any_of(const Inspection& flow, Direction direction) const noexcept {
  for (std::uint32_t i = flow.parked_head; i != kNoParked; i = pool_[i].flow_next) {
    if (pool_[i].direction == direction) return true;
  }
  return false;
}

}  // namespace weir::dataplane
