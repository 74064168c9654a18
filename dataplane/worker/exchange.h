// SPDX-License-Identifier: Apache-2.0
// What lies between the workers: for each two of them a ring of packets that one received and that belong to
// the other's hosts; for each worker and port a ring of packets that the one wants to leave by a queue that
// is another's; a bell for each worker. It decides nothing (handover.h does).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/packet/steering.h"
#include "dataplane/worker/bell.h"
#include "dataplane/worker/handover_ring.h"

namespace weir::dataplane {

/// The worker that sends and receives by a port's one queue: ports are spread over the workers.
[[nodiscard]] constexpr std::uint32_t queue_owner(std::uint8_t port, std::uint32_t workers) {
  return port % workers;
}

class Exchange {
 public:
  Exchange(std::uint32_t workers, std::size_t ports);
  /// Frees what never arrived; no worker runs any more.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  [[nodiscard]] HandoverRing& received(std::uint32_t from, std::uint32_t to) noexcept {
    return *received_[std::size_t{from} * steering_.workers() + to];
  }
  [[nodiscard]] HandoverRing& to_send(std::uint32_t from, std::uint8_t port) noexcept {
    return *to_send_[std::size_t{from} * ports_ + port];
  }
  [[nodiscard]] Bell& bell(std::uint32_t worker) noexcept { return bells_[worker]; }
  [[nodiscard]] const Steering& steering() const noexcept { return steering_; }
  [[nodiscard]] std::uint32_t workers() const noexcept { return steering_.workers(); }
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  Steering steering_;
  std::size_t ports_;
  // Empty where a worker would give to itself.
  std::vector<std::unique_ptr<HandoverRing>> received_;
  std::vector<std::unique_ptr<HandoverRing>> to_send_;
  std::vector<Bell> bells_;
};

}  // namespace weir::dataplane
