// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/lookup.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include <array>

#include "dataplane/flow/measure.h"
#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {

static_assert(kBatchMax <= kLookupBurstMax, "a burst is looked up at once");
constexpr std::uint8_t kTcpControl = kTcpSyn | kTcpFin | kTcpRst;
constexpr std::uint16_t kMoreToDo = kTreated | kExpires | kAnswered;

/// By PacketKind: the state that its packets leave as it is. An ICMP error is none of its flow's packets.
constexpr auto kNoState = static_cast<channel::TcpState>(0xff);
constexpr auto kNone = channel::TcpState::kNone;
constexpr std::array kQuietState = {kNone, kNone, kNone, channel::TcpState::kEstablished, kNone, kNoState};
static_assert(kQuietState.size() == static_cast<std::size_t>(PacketKind::kIcmpError) + 1);

}  // namespace

Direction count_packet(FlowHot& hot, FlowCold& cold, const PacketMeta& meta, const rte_mbuf& packet,
                       PacketStamp stamp) noexcept {
  const bool from_initiator = meta.source_is_low == ((hot.flags & kInitiatorIsLow) != 0);
  const Direction direction = from_initiator ? Direction::kFromInitiator : Direction::kFromResponder;
  cold.packets[index_of(direction)] += frame_count(&packet);
  cold.bytes[index_of(direction)] += packet.pkt_len;
  cold.last_seen_fraction = stamp.fraction;
  if (hot.last_seen != stamp.tick) hot.last_seen = stamp.tick;
  return direction;
}

void LookupStage::operator()(Batch& batch, TimeNs now) noexcept {
  find(batch);
  const PacketStamp stamp{tick_of(now), fraction_of(now)};
  unsigned left = batch.open;
  for (std::size_t i = batch.first; i < batch.count; ++i) {
    if (batch.fates[i] != Fate::kOpen || batch.slots[i] == kNoSlot) continue;
    FlowHot& hot = path_.flows.hot(batch.slots[i]);
    const PacketMeta& meta = batch.metas[i];
    if (!passes(hot, meta)) continue;
    FlowCold& cold = path_.flows.cold(batch.slots[i]);
    const Direction direction = count_packet(hot, cold, meta, *batch.packets[i], stamp);
    if (meta.kind == PacketKind::kTcp) measure_segment(hot, cold, meta, direction);
    batch.end(i, Fate::kForward);
    --left;
  }
  batch.open = static_cast<std::uint16_t>(left);
}

/// Decided under the policy in force, nothing to be done to its packets, and this one changes no state.
bool LookupStage::passes(const FlowHot& flow, const PacketMeta& meta) const noexcept {
  return flow.state == FlowState::kDecided && flow.verdict == VerdictAction::kForward &&
         flow.policy_revision == path_.policy_revision && (flow.flags & kMoreToDo) == 0 &&
         (meta.tcp_flags & kTcpControl) == 0 &&
         flow.tcp_state == kQuietState[static_cast<std::size_t>(meta.kind)];
}

void LookupStage::find(Batch& batch) noexcept {
  // Filled up to `count` below.
  std::array<const PacketMeta*, kBatchMax> metas;
  std::array<std::uint32_t, kBatchMax> found;
  std::array<std::uint16_t, kBatchMax> which;
  std::size_t count = 0;
  for (std::uint16_t i = batch.first; i < batch.count; ++i) {
    if (batch.fates[i] != Fate::kOpen) continue;
    metas[count] = &batch.metas[i];
    which[count++] = i;
  }
  path_.flows.lookup({metas.data(), count}, {found.data(), count});
  for (std::size_t i = 0; i < count; ++i) {
    batch.slots[which[i]] = found[i];
    if (found[i] != kNoSlot) rte_prefetch0(&path_.flows.cold(found[i]));
  }
}

}  // namespace weir::dataplane
