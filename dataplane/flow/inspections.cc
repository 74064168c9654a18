// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/inspections.h"

namespace weir::dataplane {

Inspections::Inspections(FlowTable& flows, std::uint32_t capacity) : flows_(flows), pool_(capacity) {
  for (std::uint32_t i = capacity; i-- > 0;) {
    pool_[i].newer = free_;
    free_ = i;
  }
}

Inspection* Inspections::ensure(std::uint32_t slot) noexcept {
  FlowCold& flow = flows_.cold(slot);
  if (flow.inspection != kNoSlot) return &pool_[flow.inspection];
  std::uint32_t index = free_;
  if (index != kNoSlot) {
    free_ = pool_[index].newer;
  } else {
    index = reclaim();
    if (index == kNoSlot) return nullptr;
  }
  Inspection& place = pool_[index];
  place = Inspection{};
  place.slot = slot;
  flow.inspection = index;
  append(index);
  ++count_;
  return &place;
}

void Inspections::release(std::uint32_t slot) noexcept {
  FlowCold& flow = flows_.cold(slot);
  if (flow.inspection == kNoSlot) return;
  const std::uint32_t index = flow.inspection;
  flow.inspection = kNoSlot;
  unlink(index);
  pool_[index].newer = free_;
  free_ = index;
  --count_;
}

void Inspections::promote(Inspection& flow) noexcept {
  if (flow.queue == 1) return;
  const std::uint32_t index = flows_.cold(flow.slot).inspection;
  unlink(index);
  flow.queue = 1;
  append(index);
}

/// One taken from its flow, or kNoSlot when there is none among those looked at.
std::uint32_t Inspections::reclaim() noexcept {
  std::uint32_t found = find_idle(queues_[0]);
  if (found == kNoSlot) found = find_idle(queues_[1]);
  if (found == kNoSlot) return kNoSlot;
  unlink(found);
  flows_.cold(pool_[found].slot).inspection = kNoSlot;
  --count_;
  return found;
}

/// One that nothing waits in: the oldest without a skip, else the oldest of all (its flow is shown again what
/// it did not want to see).
std::uint32_t Inspections::find_idle(Queue& queue) noexcept {
  std::uint32_t found = kNoSlot;
  for (std::uint32_t looks = 0; looks < kReclaimLooksMax && queue.oldest != kNoSlot; ++looks) {
    const std::uint32_t index = queue.oldest;
    unlink(index);
    append(index);  // should it be kept, the others are looked at first next time
    if (pool_[index].parked_count != 0) continue;
    if (found == kNoSlot || pool_[index].skip_active == 0) found = index;
    if (pool_[index].skip_active == 0) break;
  }
  return found;
}

void Inspections::append(std::uint32_t index) noexcept {
  Queue& queue = queues_[pool_[index].queue];
  pool_[index].newer = kNoSlot;
  pool_[index].older = queue.newest;
  (queue.newest == kNoSlot ? queue.oldest : pool_[queue.newest].newer) = index;
  queue.newest = index;
}

void Inspections::unlink(std::uint32_t index) noexcept {
  const Inspection& place = pool_[index];
  Queue& queue = queues_[place.queue];
  (place.older == kNoSlot ? queue.oldest : pool_[place.older].newer) = place.newer;
  (place.newer == kNoSlot ? queue.newest : pool_[place.newer].older) = place.older;
}

}  // namespace weir::dataplane
