// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/half_open.h"

namespace weir::dataplane {

void HalfOpenRing::push(std::uint32_t slot) noexcept {
  if (count_ == ring_.size()) {
    first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
    --count_;
  }
  const std::size_t at = first_ + count_;
  ring_[at < ring_.size() ? at : at - ring_.size()] = {slot, flows_.hot(slot).generation};
  ++count_;
}

std::uint32_t HalfOpenRing::take_oldest() noexcept {
  for (std::uint32_t looks = 0; looks < kEvictLooksMax && count_ > 0; ++looks) {
    const std::uint32_t slot = flows_.resolve(ring_[first_]);
    first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
    --count_;
    if (slot == kNoSlot) continue;
    const channel::TcpState state = flows_.hot(slot).tcp_state;
    if (state == channel::TcpState::kSynSent || state == channel::TcpState::kSynReceived) return slot;
  }
  return kNoSlot;
}

}  // namespace weir::dataplane
