// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/treat.h"

#include <rte_mbuf.h>

#include <algorithm>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/rewrite.h"
#include "dataplane/pipeline/edit.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/pipeline/inject.h"

namespace weir::dataplane {
namespace {

std::uint16_t verdict_unit(Tick tick) noexcept {
  return static_cast<std::uint16_t>(tick / kVerdictUnitSeconds);
}

ClientKey client_of(const FlowKey& key, std::uint16_t flags) noexcept {
  const bool inside_is_low = ((flags & kInitiatorIsLow) != 0) == ((flags & kInitiatorInside) != 0);
  return {inside_is_low ? key.low_address : key.high_address, key.vlan, key.pair};
}

void set_rate(Path& path, const channel::Answer& answer) noexcept {
  FlowHot& hot = path.flows.hot(answer.flow.slot);
  const ClientKey client = client_of(hot.key, hot.flags);
  const bool shared = answer.limit_scope == channel::LimitScope::kClient;
  if (path.meters.limit(answer.flow.slot, shared ? &client : nullptr, answer.limit_bytes_s, path.now)) {
    set_flag(hot, kLimited);
  } else {
    ++path.counters.not_limited;
  }
}

/// Of a bundle each fragment.
void mark(rte_mbuf* packet, const PacketMeta& meta, std::uint8_t dscp) noexcept {
  const std::uint16_t outermost = meta.outer_l3_offset != 0 ? meta.outer_l3_offset : meta.l3_offset;
  if (packet->nb_segs == 1) return set_dscp(writable_frame_of(packet), outermost, dscp);
  for (rte_mbuf* fragment = packet->next; fragment != nullptr; fragment = fragment->next) {
    Link link;
    static_cast<void>(walk_link(frame_of(fragment), 0, link));  // parse_frame found no fault with it
    set_dscp(writable_frame_of(fragment), link.l3, dscp);
  }
}

}  // namespace

void begin_treatment(Path& path, const channel::Answer& answer, VerdictAction verdict) noexcept {
  FlowHot& hot = path.flows.hot(answer.flow.slot);
  clear_flag(hot, kExpires);
  if (answer.expires_s != 0) {
    // From the next whole unit on: never too early, and 2^15 units, which tell past from future, are more.
    static_assert(kVerdictSecondsMax / kVerdictUnitSeconds < (1U << 15U) - 2);
    const std::uint32_t seconds = std::min(answer.expires_s, kVerdictSecondsMax) + kVerdictUnitSeconds - 1;
    path.flows.cold(answer.flow.slot).verdict_until = verdict_unit(tick_of(path.now) + seconds);
    set_flag(hot, kExpires);
  }
  const bool forward = verdict == VerdictAction::kForward;
  hot.mark = forward ? answer.mark : std::uint8_t{0};
  clear_flag(hot, kMarked);
  if (hot.mark != 0) set_flag(hot, kMarked);
  const bool limited = forward && answer.limit_bytes_s != 0;
  if (!limited) path.meters.release(answer.flow.slot);
  clear_flag(hot, kLimited);
  if (limited) set_rate(path, answer);
}

void end_treatment(Path& path, std::uint32_t slot) noexcept {
  const std::uint16_t flags = path.flows.hot(slot).flags;
  if ((flags & kLimited) != 0) path.meters.release(slot);
  if ((flags & (kEdited | kAnswered)) != 0) path.injections.release(slot);
}

bool verdict_expired(Path& path, std::uint32_t slot) noexcept {
  if ((path.flows.hot(slot).flags & kExpires) == 0) return false;
  const auto over =
      static_cast<std::uint16_t>(verdict_unit(tick_of(path.now)) - path.flows.cold(slot).verdict_until);
  return over < (1U << 15U);
}

DropReason treat(Path& path, std::uint32_t slot, rte_mbuf* packet, const PacketMeta& meta,
                 Direction direction) noexcept {
  const FlowHot& hot = path.flows.hot(slot);
  if ((hot.flags & kLimited) != 0 && !path.meters.admits(slot, packet->pkt_len, path.now)) {
    return DropReason::kRateLimit;
  }
  if ((hot.flags & kMarked) != 0) {
    mark(packet, meta, static_cast<std::uint8_t>(hot.mark - 1U));
  }
  return (hot.flags & kEdited) != 0 ? edit_packet(path, slot, packet, meta, direction) : DropReason::kNone;
}

void treat_decided(Path& path, Batch& batch, std::size_t i) noexcept {
  if ((path.flows.hot(batch.slots[i]).flags & kEdited) != 0) {
    follow_injection(path, batch, i);
  }
  treat(path, batch, i);
}

void treat(Path& path, Batch& batch, std::size_t i) noexcept {
  const DropReason reason =
      treat(path, batch.slots[i], batch.packets[i], batch.metas[i], batch.directions[i]);
  if (reason != DropReason::kNone) batch.end(i, Fate::kDrop, reason);
}

}  // namespace weir::dataplane
