// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/exchange.h"

#include <rte_mbuf.h>

#include <array>

#include "dataplane/pipeline/limits.h"

namespace weir::dataplane {
namespace {

void free_all(HandoverRing& ring) {
  std::array<rte_mbuf*, kBatchMax> packets{};
  while (const std::uint16_t count = ring.peek(packets.data(), kBatchMax)) {
    ring.pop(count);
    rte_pktmbuf_free_bulk(packets.data(), count);
  }
}

}  // namespace

Exchange::Exchange(std::uint32_t workers, std::size_t ports)
    : steering_(workers),
      ports_(ports),
      received_(std::size_t{workers} * workers),
      to_send_(workers * ports),
      bells_(workers) {
  for (std::uint32_t from = 0; from < workers; ++from) {
    for (std::uint32_t to = 0; to < workers; ++to) {
      if (from != to) received_[from * workers + to] = std::make_unique<HandoverRing>(kHandoverSlots);
    }
    for (std::uint8_t port = 0; port < ports; ++port) {
      if (queue_owner(port, workers) == from) continue;
      to_send_[from * ports + port] = std::make_unique<HandoverRing>(kHandoverSlots);
    }
  }
}

Exchange::~Exchange() {
  for (auto* rings : {&received_, &to_send_}) {
    for (const auto& ring : *rings) {
      if (ring != nullptr) free_all(*ring);
    }
  }
}

std::size_t Exchange::memory_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto* rings : {&received_, &to_send_}) {
    for (const auto& ring : *rings) bytes += ring != nullptr ? ring->memory_bytes() : 0;
  }
  return bytes;
}

}  // namespace weir::dataplane
