// SPDX-License-Identifier: Apache-2.0
// Packets that wait for the classifier's word: a fixed pool, linked per flow in order of arrival and over all
// flows by age. Owns the packets while they wait. It decides nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/flow/inspections.h"
#include "dataplane/packet/packet_meta.h"
#include "policy/model/time.h"

struct rte_mbuf;

namespace weir::dataplane {

inline constexpr std::uint32_t kNoParked = kNoSlot;

struct ParkedPacket {
  rte_mbuf* packet = nullptr;
  TimeNs since = 0;
  std::uint32_t number = 0;  // PacketHead::number under which it was shown
  std::uint32_t slot = kNoSlot;
  Direction direction{};
  std::uint8_t port = 0;  // where it came in
  std::uint32_t flow_next = kNoParked;
  std::uint32_t flow_previous = kNoParked;
  std::uint32_t newer = kNoParked;  // also links the free ones
  std::uint32_t older = kNoParked;
  PacketMeta meta;
};

class Parking {
 public:
  Parking(Inspections& inspections, std::uint32_t capacity, std::uint32_t per_flow_max);
  ~Parking();
  Parking(const Parking&) = delete;
  Parking& operator=(const Parking&) = delete;

  /// A bundle of fragments takes a place for each, since each keeps a buffer.
  [[nodiscard]] bool has_room(const Inspection& flow, const rte_mbuf* packet) const noexcept;
  /// Only when has_room of its flow's inspection. `parked` without its links; it becomes the flow's newest.
  void park(const ParkedPacket& parked) noexcept;
  /// Takes the packet out; the caller owns `packet` of the copy returned.
  [[nodiscard]] ParkedPacket take(std::uint32_t index) noexcept;

  /// The clock was set by `step`.
  void shift_time(TimeNs step) noexcept;

  [[nodiscard]] const ParkedPacket& at(std::uint32_t index) const noexcept { return pool_[index]; }
  [[nodiscard]] std::uint32_t oldest() const noexcept { return oldest_; }
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t fill_percent() const noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{count_} * 100 / pool_.size());
  }
  [[nodiscard]] std::uint32_t frames() const noexcept { return frames_; }  // more than `count` with fragments
  [[nodiscard]] bool any_of(const Inspection& flow, Direction direction) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const { return pool_.size() * sizeof(ParkedPacket); }

 private:
  Inspections& inspections_;
  std::vector<ParkedPacket> pool_;
  std::uint32_t per_flow_max_;
  std::uint32_t free_ = kNoParked;
  std::uint32_t oldest_ = kNoParked;
  std::uint32_t newest_ = kNoParked;
  std::uint32_t count_ = 0;
  std::uint32_t frames_ = 0;
};

}  // namespace weir::dataplane
