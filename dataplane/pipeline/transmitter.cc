// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/transmitter.h"

#include <rte_mbuf.h>

#include <bit>

namespace weir::dataplane {

void Transmitter::forward(std::uint8_t ingress, rte_mbuf* packet) noexcept {
  Queue& queue = queues_[ingress];
  queue.packets[queue.count++] = packet;
  waiting_ |= 1ULL << ingress;
  if (queue.count == kSendQueueMax) send_queue(ingress);
}

void Transmitter::drop(std::uint8_t ingress, rte_mbuf* packet, DropReason reason) noexcept {
  ++counters_.ports[ingress].dropped[static_cast<std::size_t>(reason)];
  dropped_.packets[dropped_.count++] = packet;
  if (dropped_.count == kSendQueueMax) free_dropped();
}

void Transmitter::inject(std::uint8_t egress, rte_mbuf* packet) noexcept {
  if (sink_.send(egress, &packet, 1) == 1) {
    ++counters_.ports[egress].injected;
    return;
  }
  ++counters_.ports[egress].injected_lost;
  rte_pktmbuf_free(packet);
}

void Transmitter::flush() noexcept {
  for (; waiting_ != 0; waiting_ &= waiting_ - 1) {
    send_queue(static_cast<std::uint8_t>(std::countr_zero(waiting_)));
  }
  if (dropped_.count > 0) free_dropped();
}

void Transmitter::send_queue(std::uint8_t ingress) noexcept {
  Queue& queue = queues_[ingress];
  PortCounters& counters = counters_.ports[ingress];
  std::uint64_t bytes = 0;
  for (std::uint16_t i = 0; i < queue.count; ++i) bytes += queue.packets[i]->pkt_len;

  const auto egress = static_cast<std::uint8_t>(ingress ^ 1U);
  std::uint16_t sent = 0;
  for (int attempt = 0; attempt < kSendAttempts && sent < queue.count; ++attempt) {
    sent = static_cast<std::uint16_t>(sent + sink_.send(egress, queue.packets.data() + sent,
                                                        static_cast<std::uint16_t>(queue.count - sent)));
  }
  for (std::uint16_t i = sent; i < queue.count; ++i) {
    bytes -= queue.packets[i]->pkt_len;
    drop(ingress, queue.packets[i], DropReason::kTransmitFull);
  }
  counters.transmitted += sent;
  counters.transmitted_bytes += bytes;
  queue.count = 0;
}

void Transmitter::free_dropped() noexcept {
  rte_pktmbuf_free_bulk(dropped_.packets.data(), dropped_.count);
  dropped_.count = 0;
}

}  // namespace weir::dataplane
