// SPDX-License-Identifier: Apache-2.0
// One worker's side of the exchange. Inwards: what came in at its queues and belongs to another worker's
// hosts is given to that worker, and what others gave it is taken. Outwards: what has to leave by a queue of
// another worker is given to it, and what others gave is sent. A packet counts as received where it is
// judged; one that finds the ring full counts as received and dropped here.
//
// Threads: its worker's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/io/port.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/worker/exchange.h"

namespace weir::dataplane {

class Handover {
 public:
  Handover(Exchange& exchange, std::uint32_t self, std::span<const std::unique_ptr<Port>> ports);

  /// Leaves in the batch only what belongs to this worker's hosts.
  void give(Batch& batch, Pipeline& pipeline) noexcept;
  /// A burst of one port that worker `from` gave; its size.
  std::uint16_t take(std::uint32_t from, Batch& batch) noexcept;

  /// For a port of which this worker has no queue; the packets taken over.
  std::uint16_t give_to_send(std::uint8_t port, rte_mbuf* const* packets, std::uint16_t count) noexcept;
  /// Sends what others gave, as far as the ports take it; the rest waits in its ring. The packets sent.
  std::uint32_t send_for_others() noexcept;

  /// Once a turn: wakes those that were given something.
  void ring_bells() noexcept;
  /// Sleeps, unless something was given meanwhile.
  void sleep(std::uint32_t ns) noexcept;

  [[nodiscard]] std::uint32_t self() const noexcept { return self_; }
  [[nodiscard]] std::uint32_t workers() const noexcept { return exchange_.workers(); }

 private:
  struct Gathered {
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kBatchMax> packets;
  };
  [[nodiscard]] bool anything_waits() noexcept;

  Exchange& exchange_;
  std::uint32_t self_;
  std::span<const std::unique_ptr<Port>> ports_;
  std::vector<Gathered> gathered_;              // by worker
  std::vector<std::uint8_t> sends_for_others_;  // ports by whose one queue others send
  std::uint64_t to_wake_ = 0;                   // bit n: worker n was given something in this turn
  bool stuck_ = false;                          // a port did not take all that others gave for it
  static_assert(kSteeringBuckets <= 64);
};

/// The queue of a port with `queues` of them that this worker uses; none when they are all others'.
[[nodiscard]] std::optional<std::uint16_t> queue_of(std::uint8_t port, std::uint16_t queues,
                                                    std::uint32_t worker, std::uint32_t workers) noexcept;

}  // namespace weir::dataplane
