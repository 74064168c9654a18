// SPDX-License-Identifier: Apache-2.0
// The flows that were opened last, oldest first: where a full flow table looks for one that nobody has
// answered. A ring of references; those that were answered, or ended, are found stale when they are looked
// at, and a stream that goes one way by its nature is put behind the others. It evicts nobody itself, and a
// packet of a flow that is there never touches it.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/flow/flow_table.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kEvictLooksMax = 64;  // entries looked at for one unanswered flow

/// What goes one way and is no lone packet is spared while it goes on: a flood would have to spend as many
/// packets on each flow, again and again.
inline constexpr std::uint32_t kStreamPackets = 8;
inline constexpr Tick kStreamPauseMax = 1;  // seconds since its last packet

/// Its handshake is not over, or nothing was heard of its other end yet.
[[nodiscard]] bool is_unanswered(const FlowHot& hot, const FlowCold& cold) noexcept;

class UnansweredRing {
 public:
  explicit UnansweredRing(FlowTable& flows) : flows_(flows), ring_(flows.capacity()) {}

  /// A flow was created. When as many as the table holds were since the oldest entry, that one makes room.
  void push(std::uint32_t slot) noexcept;
  /// Takes out the oldest flow that is unanswered; kNoSlot: none among those looked at.
  [[nodiscard]] std::uint32_t take_oldest(Tick now) noexcept;

  [[nodiscard]] std::size_t memory_bytes() const { return ring_.size() * sizeof(ring_[0]); }

 private:
  FlowTable& flows_;
  /// A slot with the lowest bits of its generation behind it. Should all of these have come round, the slot's
  /// younger flow is taken for the older one, and may be evicted before its turn.
  std::vector<std::uint32_t> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weir::dataplane
