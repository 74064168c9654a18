// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/capture.h"

#include <algorithm>

#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/path.h"

namespace weir::dataplane {

bool CaptureFilter::matches_ends(const FlowKey& key) const noexcept {
  if (has_address && address != key.low_address && address != key.high_address) return false;
  return port == 0 || port == key.low_port || port == key.high_port;
}

bool CaptureTriggers::push(const CaptureTrigger& trigger) noexcept {
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  if (head - tail_.load(std::memory_order_acquire) == kCaptureTriggersMax) return false;
  slots_[head % kCaptureTriggersMax] = trigger;
  head_.store(head + 1, std::memory_order_release);
  return true;
}

bool CaptureTriggers::pop(CaptureTrigger& trigger) noexcept {
  const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head_.load(std::memory_order_acquire)) return false;
  trigger = slots_[tail % kCaptureTriggersMax];
  tail_.store(tail + 1, std::memory_order_release);
  return true;
}

bool PacketCapture::wanted(std::uint64_t number, const FlowKey& key) const noexcept {
  const std::span running(filters.data(), filter_count);
  return std::any_of(running.begin(), running.end(),
                     [&](const CaptureFilter& filter) { return filter.matches(number, key); });
}

void capture_packet(Path& path, const Batch& batch, std::size_t i) noexcept {
  CapturedHead head;
  head.time = path.now;
  head.flow = path.flows.rest(batch.slots[i]).number;
  head.key = path.flows.hot(batch.slots[i]).key;
  head.port = batch.port;
  path.capture.ring.add(head, frame_of(batch.packets[i]), path.capture.options.snap_bytes);
  ++path.counters.packets_captured;
}

namespace {

enum class Cause : std::uint8_t { kVerdict, kHit, kFault };

void trigger_capture(Path& path, std::uint32_t slot, Cause cause) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  const CaptureTrigger trigger{.time = path.now,
                               .flow = path.flows.rest(slot).number,
                               .key = hot.key,
                               .policy_revision = hot.policy_revision,
                               .verdict = hot.verdict,
                               .fault = cause == Cause::kFault,
                               .hit = cause == Cause::kHit};
  if (!path.capture.triggers.push(trigger)) ++path.counters.captures_missed;
}

}  // namespace

void capture_verdict(Path& path, std::uint32_t slot) noexcept {
  if (!path.capture.options.on_block || path.flows.hot(slot).verdict == VerdictAction::kForward) return;
  trigger_capture(path, slot, Cause::kVerdict);
}

void capture_hit(Path& path, std::uint32_t slot) noexcept {
  if (path.capture.ring.keeps()) trigger_capture(path, slot, Cause::kHit);
}

void capture_fault(Path& path, std::uint32_t slot) noexcept {
  if (path.capture.ring.keeps()) trigger_capture(path, slot, Cause::kFault);
}

/// A flow's number is on a line of its own: it is read only where the ends fit.
bool CaptureStage::wanted(std::uint32_t slot) noexcept {
  for (std::size_t i = 0; i < path_.capture.filter_count; ++i) {
    const CaptureFilter& filter = path_.capture.filters[i];
    if (!filter.matches_ends(path_.flows.hot(slot).key)) continue;
    if (filter.flow == 0 || filter.flow == path_.flows.rest(slot).number) return true;
  }
  return false;
}

void CaptureStage::operator()(const Batch& batch) noexcept {
  const PacketCapture& capturing = path_.capture;
  if (!capturing.looks()) return;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const std::uint32_t slot = batch.slots[i];
    // Without a slot, or given back in this burst: of no flow.
    if (slot == kNoSlot || path_.flows.hot(slot).state == FlowState::kFree) continue;
    const FlowHot& hot = path_.flows.hot(slot);
    if (capturing.options.all || hot.state == FlowState::kUndecided || wanted(slot)) {
      capture_packet(path_, batch, i);
    }
  }
}

}  // namespace weir::dataplane
