// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/injections.h"

#include <algorithm>

namespace weir::dataplane {

Injections::Injections(std::uint32_t capacity) : pool_(capacity), due_(capacity, kNever), by_slot_(capacity) {
  free_.reserve(capacity);
  for (std::uint32_t i = capacity; i-- > 0;) free_.push_back(i);
}

Injection* Injections::ensure(std::uint32_t slot) noexcept {
  if (Injection* there = of(slot)) return there;
  if (free_.empty()) return nullptr;
  const std::uint32_t index = free_.back();
  free_.pop_back();
  static_cast<void>(by_slot_.insert(slot, index));  // as large as the pool
  Injection& place = pool_[index];
  place.slot = slot;
  place.edits = {};
  place.payload_bytes = 0;
  place.closes = false;
  return &place;
}

void Injections::release(std::uint32_t slot) noexcept {
  const std::uint32_t index = by_slot_.find(slot);
  if (index == kNoIndex) return;
  by_slot_.erase(slot);
  due_[index] = kNever;
  free_.push_back(index);  // reserved
}

void Injections::set_due(const Injection& injection, TimeNs due) noexcept {
  due_[static_cast<std::size_t>(&injection - pool_.data())] = due;
  next_due_ = std::min(next_due_, due);
}

Injection* Injections::take_due(TimeNs now) noexcept {
  if (now < next_due_) return nullptr;
  next_due_ = kNever;
  Injection* found = nullptr;
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (due_[i] <= now && found == nullptr) {
      found = &pool_[i];
      due_[i] = kNever;
    } else {
      next_due_ = std::min(next_due_, due_[i]);
    }
  }
  return found;
}

void Injections::shift_time(TimeNs step) noexcept {
  for (TimeNs& due : due_) {
    if (due != kNever) due += step;
  }
  if (next_due_ != kNever) next_due_ += step;
}

std::size_t Injections::memory_bytes() const noexcept {
  return pool_.size() * sizeof(Injection) + due_.size() * sizeof(TimeNs) + by_slot_.memory_bytes();
}

}  // namespace weir::dataplane
