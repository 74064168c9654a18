// SPDX-License-Identifier: Apache-2.0
// Packets on their way from one thread to one other: a bounded rte_ring. Neither side waits for the other.
// Does not own the packets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

struct rte_mbuf;
struct rte_ring;

namespace weir::dataplane {

class HandoverRing {
 public:
  /// `slots`: a power of two; there is room for one packet less.
  explicit HandoverRing(std::uint32_t slots);

  // --- the giving thread
  /// Takes the first packets and returns how many.
  [[nodiscard]] std::uint16_t push(rte_mbuf* const* packets, std::uint16_t count) noexcept;

  // --- the taking thread
  /// The oldest packets, at most `most`; they stay in the ring until `pop`, which must follow.
  [[nodiscard]] std::uint16_t peek(rte_mbuf** packets, std::uint16_t most) noexcept;
  /// Ends a peek: the first `count` of the peeked packets are the caller's.
  void pop(std::uint16_t count) noexcept;
  [[nodiscard]] bool empty() const noexcept;

  [[nodiscard]] std::size_t memory_bytes() const noexcept { return bytes_; }

 private:
  struct Free {
    void operator()(rte_ring* ring) const noexcept;
  };
  std::size_t bytes_;
  std::unique_ptr<rte_ring, Free> ring_;
};

}  // namespace weir::dataplane
