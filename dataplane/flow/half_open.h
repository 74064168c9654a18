// SPDX-License-Identifier: Apache-2.0
// The connections that were opened last, oldest first: where a full flow table looks for one whose handshake
// did not end. A ring of references; those that went on, or ended, are found stale when they are looked at.
// It evicts nobody itself.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/flow/flow_table.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kEvictLooksMax = 64;         // entries looked at for one half-open flow
inline constexpr std::uint32_t kFlowsPerHalfOpenPlace = 2;  // the newest half of a full table is remembered

class HalfOpenRing {
 public:
  explicit HalfOpenRing(FlowTable& flows) : flows_(flows), ring_(flows.capacity() / kFlowsPerHalfOpenPlace) {}

  /// A flow was created by a SYN. The oldest entry makes room when there is none.
  void push(std::uint32_t slot) noexcept;
  /// Takes out the oldest flow whose handshake is not over; kNoSlot: none among those looked at.
  [[nodiscard]] std::uint32_t take_oldest() noexcept;

  [[nodiscard]] std::size_t memory_bytes() const { return ring_.size() * sizeof(channel::FlowRef); }

 private:
  FlowTable& flows_;
  std::vector<channel::FlowRef> ring_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace weir::dataplane
