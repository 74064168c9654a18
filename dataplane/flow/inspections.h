// SPDX-License-Identifier: Apache-2.0
// What a flow needs only while it is judged: the packets that wait, the bytes that pass unseen, what the ends
// of a TCP connection showed. A fixed pool, far smaller than the flow table: the place of a flow that waits
// for nothing is given to another flow when the pool is empty, and made anew at that flow's next packet. All
// that is lost by it is the view of the connection, whose rules are lenient then. Flows of which one end
// alone was heard give their places up first, so a flood of half-open connections takes them from itself.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/tcp_normalise.h"

namespace weir::dataplane {

inline constexpr std::uint32_t kReclaimLooksMax = 16;  // places looked at for one that may be given away

struct Inspection {
  std::array<std::uint32_t, 2> skip_from{};  // TCP: sequence numbers between which a direction is forwarded
  std::array<std::uint32_t, 2> skip_end{};   // unseen; other protocols: skip_end is the payload bytes left
  std::uint32_t parked_head = kNoSlot;       // index into the worker's parking, oldest first
  std::uint32_t parked_tail = kNoSlot;
  std::uint32_t slot = kNoSlot;  // whose it is
  std::uint32_t newer = kNoSlot;
  std::uint32_t older = kNoSlot;
  std::uint16_t parked_count = 0;
  std::uint8_t skip_active = 0;              // bit n: direction n has a skip
  std::uint8_t delivered_known = 0;          // bit n: `delivered` of direction n
  std::array<std::uint32_t, 2> delivered{};  // TCP: what the receiver of each direction acknowledged last
  TimeNs late_until = 0;                     // by kAnswerLate
  std::uint8_t queue = 0;                    // of Inspections
  TcpView tcp{};                             // what its ends showed
};
static_assert(sizeof(Inspection) <= 128);

class Inspections {
 public:
  Inspections(FlowTable& flows, std::uint32_t capacity);

  /// The flow's, or nullptr when it has none.
  [[nodiscard]] Inspection* of(std::uint32_t slot) noexcept {
    const std::uint32_t index = flows_.cold(slot).inspection;
    return index == kNoSlot ? nullptr : &pool_[index];
  }
  /// The flow's, made if need be; nullptr when every place that was looked at is in use.
  [[nodiscard]] Inspection* ensure(std::uint32_t slot) noexcept;
  /// Both ends were heard: its place is given away after those of flows of which that cannot be said.
  void promote(Inspection& flow) noexcept;
  /// Only when nothing is parked.
  void release(std::uint32_t slot) noexcept;

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t memory_bytes() const { return pool_.size() * sizeof(Inspection); }

 private:
  struct Queue {
    std::uint32_t oldest = kNoSlot;
    std::uint32_t newest = kNoSlot;
  };
  [[nodiscard]] std::uint32_t reclaim() noexcept;
  [[nodiscard]] std::uint32_t find_idle(Queue& queue) noexcept;
  void append(std::uint32_t index) noexcept;
  void unlink(std::uint32_t index) noexcept;

  FlowTable& flows_;
  std::vector<Inspection> pool_;
  std::uint32_t free_ = kNoSlot;  // linked through `newer`
  std::array<Queue, 2> queues_;   // by Inspection::queue: one end heard, both
  std::uint32_t count_ = 0;
};

}  // namespace weir::dataplane
