// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/unanswered.h"

namespace weir::dataplane {
namespace {

constexpr unsigned kGenerationBits = 6;
constexpr std::uint32_t kGenerationMask = (1U << kGenerationBits) - 1;
static_assert(kFlowsMax <= 1U << (32 - kGenerationBits), "a slot and its generation share 32 bits");

bool is_stream(const FlowHot& hot, const FlowCold& cold, Tick now) noexcept {
  return cold.packets[0] + cold.packets[1] >= kStreamPackets && now - hot.last_seen <= kStreamPauseMax;
}

}  // namespace

bool is_unanswered(const FlowHot& hot, const FlowCold& cold) noexcept {
  return hot.tcp_state == channel::TcpState::kSynSent || hot.tcp_state == channel::TcpState::kSynReceived ||
         cold.packets[0] == 0 || cold.packets[1] == 0;
}

void UnansweredRing::push(std::uint32_t slot) noexcept {
  if (count_ == ring_.size()) {
    first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
    --count_;
  }
  const std::size_t at = first_ + count_;
  ring_[at < ring_.size() ? at : at - ring_.size()] =
      slot << kGenerationBits | (flows_.hot(slot).generation & kGenerationMask);
  ++count_;
}

std::uint32_t UnansweredRing::take_oldest(Tick now) noexcept {
  for (std::uint32_t looks = 0; looks < kEvictLooksMax && count_ > 0; ++looks) {
    const std::uint32_t entry = ring_[first_];
    first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
    --count_;
    const std::uint32_t slot = entry >> kGenerationBits;
    const FlowHot& hot = flows_.hot(slot);
    if (hot.state == FlowState::kFree || ((hot.generation ^ entry) & kGenerationMask) != 0) continue;
    const FlowCold& cold = flows_.cold(slot);
    if (!is_unanswered(hot, cold)) continue;
    if (!is_stream(hot, cold, now)) return slot;
    push(slot);
  }
  return kNoSlot;
}

}  // namespace weir::dataplane
