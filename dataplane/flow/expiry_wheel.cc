// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/expiry_wheel.h"

#include <algorithm>

#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

/// FlowRest::previous of the first flow of a bucket: this bit and the bucket. Slots are far below it.
constexpr std::uint32_t kHeadBit = 0x8000'0000U;

/// Ticks from `earlier` to `later`; negative when it is the other way round. Right across the 32-bit wrap.
std::int32_t ticks_between(Tick earlier, Tick later) noexcept {
  return static_cast<std::int32_t>(later - earlier);
}

}  // namespace

std::uint32_t IdleTimeouts::of(const FlowHot& flow) const noexcept {
  if (flow.key.protocol == kProtocolUdp) return udp_s;
  if (flow.key.protocol != kProtocolTcp) return other_s;
  switch (flow.tcp_state) {
    case channel::TcpState::kNone:
    case channel::TcpState::kSynSent:
    case channel::TcpState::kSynReceived:
      return tcp_half_open_s;
    case channel::TcpState::kEstablished:
    case channel::TcpState::kFinWait:
      return tcp_established_s;
    case channel::TcpState::kClosing:
    case channel::TcpState::kClosed:
      return tcp_closed_s;
    case channel::TcpState::kMidstream:
      return std::min(udp_s, tcp_established_s);
  }
  return other_s;
}

ExpiryWheel::ExpiryWheel(FlowTable& flows, const IdleTimeouts& timeouts, Tick now)
    : flows_(flows), timeouts_(timeouts), heads_(kWheelBuckets, kNoSlot), reached_(now) {}

void ExpiryWheel::arm(std::uint32_t slot) noexcept {
  const FlowHot& hot = flows_.hot(slot);
  const std::int32_t wanted = ticks_between(reached_, hot.last_seen + timeouts_.of(hot));
  // Never the bucket being looked at; far less than a whole turn ahead.
  static_assert(kLookAgainAfterSeconds < kWheelBuckets);
  const std::int32_t ahead = std::clamp(wanted, 1, static_cast<std::int32_t>(kLookAgainAfterSeconds));
  const std::uint32_t bucket = (reached_ + static_cast<std::uint32_t>(ahead)) % kWheelBuckets;
  FlowRest& rest = flows_.rest(slot);
  rest.previous = kHeadBit | bucket;
  rest.next = heads_[bucket];
  if (rest.next != kNoSlot) flows_.rest(rest.next).previous = slot;
  heads_[bucket] = slot;
}

void ExpiryWheel::disarm(std::uint32_t slot) noexcept {
  FlowRest& rest = flows_.rest(slot);
  if (rest.previous == kNoSlot) return;
  if ((rest.previous & kHeadBit) != 0) {
    heads_[rest.previous & ~kHeadBit] = rest.next;
  } else {
    flows_.rest(rest.previous).next = rest.next;
  }
  if (rest.next != kNoSlot) flows_.rest(rest.next).previous = rest.previous;
  rest.next = rest.previous = kNoSlot;
}

std::size_t ExpiryWheel::collect(Tick now, std::span<std::uint32_t> expired) noexcept {
  const std::int32_t behind = ticks_between(reached_, now);
  if (behind < 0) reached_ = now;  // the clock was set back, or the next capture is an older one
  // After a long leap each bucket is looked at once.
  if (behind >= static_cast<std::int32_t>(kWheelBuckets)) reached_ = now - (kWheelBuckets - 1);
  std::size_t count = 0;
  std::uint32_t looks = 0;
  for (;; ++reached_) {
    for (std::uint32_t slot = heads_[reached_ % kWheelBuckets]; slot != kNoSlot;) {
      if (looks++ == kExpiryLooksMax || count == expired.size()) return count;
      const std::uint32_t next = flows_.rest(slot).next;
      FlowHot& hot = flows_.hot(slot);
      if (ticks_between(hot.last_seen, now) < 0) hot.last_seen = now;  // seen in a future that was taken back
      if (ticks_between(hot.last_seen + timeouts_.of(hot), now) >= 0) {
        expired[count++] = slot;
      } else {
        disarm(slot);
        arm(slot);
      }
      slot = next;
    }
    if (reached_ == now) return count;
  }
}

}  // namespace weir::dataplane
