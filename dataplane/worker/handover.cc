// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/handover.h"

#include <rte_mbuf.h>

#include <bit>

#include "dataplane/pipeline/frame.h"

namespace weir::dataplane {
namespace {
constexpr std::uint16_t kPrefetchAhead = 4;
}

std::optional<std::uint16_t> queue_of(std::uint8_t port, std::uint16_t queues, std::uint32_t worker,
                                      std::uint32_t workers) noexcept {
  // With a queue each, a worker's is the one of its number: the port's RSS table says so too.
  const std::uint32_t queue =
      queues >= workers ? worker : (worker + workers - queue_owner(port, workers)) % workers;
  if (queue >= queues) return std::nullopt;
  return static_cast<std::uint16_t>(queue);
}

Handover::Handover(Exchange& exchange, std::uint32_t self, std::span<const std::unique_ptr<Port>> ports)
    : exchange_(exchange), self_(self), ports_(ports), gathered_(exchange.workers()) {
  for (std::uint8_t port = 0; port < ports.size(); ++port) {
    const bool all_have_one = ports[port]->queues() >= exchange.workers();
    if (!all_have_one && queue_owner(port, exchange.workers()) == self) sends_for_others_.push_back(port);
  }
}

void Handover::give(Batch& batch, Pipeline& pipeline) noexcept {
  const Steering& steering = exchange_.steering();
  std::uint64_t others = 0;
  std::uint16_t kept = 0;
  for (std::uint16_t i = 0; i < batch.count; ++i) rte_prefetch0(batch.packets[i]);
  for (std::uint16_t i = 0; i < batch.count && i < kPrefetchAhead; ++i) prefetch_frame(batch.packets[i]);
  for (std::uint16_t i = 0; i < batch.count; ++i) {
    if (i + kPrefetchAhead < batch.count) prefetch_frame(batch.packets[i + kPrefetchAhead]);
    rte_mbuf* packet = batch.packets[i];
    const std::uint32_t worker = steering.worker_of(frame_of(packet), batch.port);
    if (worker == self_) {
      batch.packets[kept++] = packet;
      continue;
    }
    packet->port = batch.port;
    Gathered& gathered = gathered_[worker];
    gathered.packets[gathered.count++] = packet;
    others |= 1ULL << worker;
  }
  batch.count = kept;
  to_wake_ |= others;
  for (; others != 0; others &= others - 1) {
    const auto worker = static_cast<std::uint32_t>(std::countr_zero(others));
    Gathered& gathered = gathered_[worker];
    const std::uint16_t given =
        exchange_.received(self_, worker).push(gathered.packets.data(), gathered.count);
    pipeline.path().counters.handed_over += given;
    pipeline.turn_away(batch.port, std::span(gathered.packets).subspan(given, gathered.count - given),
                       DropReason::kHandoverFull);
    gathered.count = 0;
  }
}

std::uint16_t Handover::take(std::uint32_t from, Batch& batch) noexcept {
  HandoverRing& ring = exchange_.received(from, self_);
  if (ring.empty()) return 0;
  const std::uint16_t waiting = ring.peek(batch.packets.data(), kBatchMax);
  const std::uint16_t port = batch.packets[0]->port;
  std::uint16_t count = 1;
  while (count < waiting && batch.packets[count]->port == port) ++count;
  ring.pop(count);
  batch.port = static_cast<std::uint8_t>(port);
  batch.count = count;
  return count;
}

std::uint16_t Handover::give_to_send(std::uint8_t port, rte_mbuf* const* packets,
                                     std::uint16_t count) noexcept {
  to_wake_ |= 1ULL << queue_owner(port, exchange_.workers());
  return exchange_.to_send(self_, port).push(packets, count);
}

std::uint32_t Handover::send_for_others() noexcept {
  std::array<rte_mbuf*, kBatchMax> packets;  // filled up to `waiting`
  std::uint32_t all = 0;
  stuck_ = false;
  for (const std::uint8_t port : sends_for_others_) {
    for (std::uint32_t from = 0; from < exchange_.workers(); ++from) {
      if (from == self_ || exchange_.to_send(from, port).empty()) continue;
      HandoverRing& ring = exchange_.to_send(from, port);
      for (std::uint32_t run = 0; run < kHandoverRunsPerTurn; ++run) {
        const std::uint16_t waiting = ring.peek(packets.data(), kBatchMax);
        const std::uint16_t sent =
            waiting == 0 ? std::uint16_t{0} : ports_[port]->send(packets.data(), waiting);
        ring.pop(sent);
        all += sent;
        stuck_ = stuck_ || sent < waiting;
        if (sent < kBatchMax) break;
      }
    }
  }
  return all;
}

void Handover::ring_bells() noexcept {
  for (; to_wake_ != 0; to_wake_ &= to_wake_ - 1) {
    exchange_.bell(static_cast<std::uint32_t>(std::countr_zero(to_wake_))).ring();
  }
}

bool Handover::anything_waits() noexcept {
  for (std::uint32_t from = 0; from < exchange_.workers(); ++from) {
    if (from == self_) continue;
    if (!exchange_.received(from, self_).empty()) return true;
    // A port that takes nothing is no reason to stay awake.
    for (const std::uint8_t port : sends_for_others_) {
      if (!stuck_ && !exchange_.to_send(from, port).empty()) return true;
    }
  }
  return false;
}

void Handover::sleep(std::uint32_t ns) noexcept {
  Bell& bell = exchange_.bell(self_);
  bell.prepare();
  if (anything_waits()) {
    bell.cancel();
  } else {
    bell.sleep(ns);
  }
}

}  // namespace weir::dataplane
