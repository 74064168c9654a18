// SPDX-License-Identifier: Apache-2.0
#include "dataplane/pipeline/transmitter.h"

#include <bit>
#include <utility>

#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {

void Transmitter::forward(std::uint8_t ingress, rte_mbuf* packet) noexcept {
  if (packet->nb_segs > 1) return forward_bundle(ingress, packet);
  Queue& queue = queues_[ingress];
  queue.packets[queue.count++] = packet;
  waiting_ |= 1ULL << ingress;
  if (queue.count == kSendQueueMax) send_queue(ingress);
}

void Transmitter::forward_bundle(std::uint8_t ingress, rte_mbuf* bundle) noexcept {
  rte_mbuf* fragment = std::exchange(bundle->next, nullptr);
  bundle->nb_segs = 1;
  rte_pktmbuf_free(bundle);
  while (fragment != nullptr) {
    rte_mbuf* next = std::exchange(fragment->next, nullptr);
    forward(ingress, fragment);
    fragment = next;
  }
}

void Transmitter::drop(std::uint8_t ingress, rte_mbuf* packet, DropReason reason) noexcept {
  counters_.ports[ingress].dropped[static_cast<std::size_t>(reason)] += frame_count(packet);
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

void Transmitter::forward_burst(std::uint8_t ingress, rte_mbuf** packets, std::uint16_t count,
                                std::uint64_t bytes) noexcept {
  if (queues_[ingress].count > 0) send_queue(ingress);  // what waits came before
  send(ingress, packets, count, bytes);
}

void Transmitter::send_queue(std::uint8_t ingress) noexcept {
  Queue& queue = queues_[ingress];
  std::uint64_t bytes = 0;
  for (std::uint16_t i = 0; i < queue.count; ++i) bytes += queue.packets[i]->pkt_len;
  send(ingress, queue.packets.data(), queue.count, bytes);
  queue.count = 0;
}

void Transmitter::send(std::uint8_t ingress, rte_mbuf** packets, std::uint16_t count,
                       std::uint64_t bytes) noexcept {
  const auto egress = static_cast<std::uint8_t>(ingress ^ 1U);
  std::uint16_t sent = 0;
  for (int attempt = 0; attempt < kSendAttempts && sent < count; ++attempt) {
    sent = static_cast<std::uint16_t>(
        sent + sink_.send(egress, packets + sent, static_cast<std::uint16_t>(count - sent)));
  }
  for (std::uint16_t i = sent; i < count; ++i) {
    bytes -= packets[i]->pkt_len;
    drop(ingress, packets[i], DropReason::kTransmitFull);
  }
  PortCounters& counters = counters_.ports[ingress];
  counters.transmitted += sent;
  counters.transmitted_bytes += bytes;
}

void Transmitter::free_dropped() noexcept {
  rte_pktmbuf_free_bulk(dropped_.packets.data(), dropped_.count);
  dropped_.count = 0;
}

}  // namespace weir::dataplane
