// SPDX-License-Identifier: Apache-2.0
// TCP flows in which Weir has said something in an end's name: how the numbers of their streams differ from
// then on, and what Weir said until it is acknowledged. A fixed pool beside the flow table; FlowFlag kEdited
// or kAnswered says that a flow may have a place here. It sends nothing.
#pragma once

#include <array>
#include <vector>

#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/index_map.h"
#include "dataplane/packet/rewrite.h"
#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {

struct Injection {
  std::uint32_t slot = kNoSlot;
  std::array<StreamEdit, 2> edits{};  // of the stream of each Direction

  // What its receiver has not acknowledged whole; payload_bytes is 0 when there is nothing.
  std::uint32_t first = 0;            // number of the first byte, as the receiver counts
  std::uint32_t acknowledgement = 0;  // of the receiver's own bytes, in each segment
  std::uint16_t payload_bytes = 0;
  std::uint16_t acknowledged = 0;  // of them
  std::uint8_t attempts = 0;       // sent again since the receiver last acknowledged more
  std::uint8_t repeats = 0;        // of the same acknowledgement
  bool closes = false;             // a FIN follows
  Direction receiver{};            // sends in this direction
  std::uint8_t port = 0;           // where it is

  // Headers of the packet that was answered, for building.
  PacketMeta meta;
  std::uint16_t head_bytes = 0;
  std::array<std::uint8_t, kInjectionHeadBytesMax> head{};
  std::array<std::uint8_t, channel::kInjectBytesMax> payload{};

  [[nodiscard]] Bytes frame() const noexcept { return Bytes{head}.first(head_bytes); }
  [[nodiscard]] bool waits() const noexcept { return payload_bytes > 0; }
  [[nodiscard]] bool changes() const noexcept { return edits[0].changes() || edits[1].changes(); }
};

class Injections {
 public:
  explicit Injections(std::uint32_t capacity);

  /// The flow's, or nullptr when it has none.
  [[nodiscard]] Injection* of(std::uint32_t slot) noexcept {
    const std::uint32_t index = by_slot_.find(slot);
    return index == kNoIndex ? nullptr : &pool_[index];
  }
  /// The flow's, made if need be; nullptr when the pool is empty.
  [[nodiscard]] Injection* ensure(std::uint32_t slot) noexcept;
  void release(std::uint32_t slot) noexcept;

  /// When to send again what waits; kNever: nothing waits.
  static constexpr TimeNs kNever = INT64_MAX;
  void set_due(const Injection& injection, TimeNs due) noexcept;
  /// One whose time has come, or nullptr. Its time is kNever until it is set again.
  [[nodiscard]] Injection* take_due(TimeNs now) noexcept;

  void shift_time(TimeNs step) noexcept;
  [[nodiscard]] std::uint32_t count() const noexcept { return by_slot_.count(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  std::vector<Injection> pool_;
  std::vector<TimeNs> due_;  // by index; apart, since it is looked through
  std::vector<std::uint32_t> free_;
  IndexMap<std::uint32_t, SlotHash> by_slot_;
  TimeNs next_due_ = kNever;  // not after the earliest
};

}  // namespace weir::dataplane
