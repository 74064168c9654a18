// SPDX-License-Identifier: Apache-2.0
// The end of every packet: sent at the other port of its pair, or freed under a named reason. Gathers both,
// so that a burst costs one call each, and keeps the per-port counters true. Where packets leave is a
// TransmitSink: ports in the appliance, a capture file or nothing elsewhere.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/drop_reason.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/pipeline/limits.h"

struct rte_mbuf;

namespace weir::dataplane {

class TransmitSink {
 public:
  virtual ~TransmitSink() = default;
  /// Takes over the first packets and returns how many. `port` is where they leave.
  [[nodiscard]] virtual std::uint16_t send(std::uint8_t port, rte_mbuf** packets,
                                           std::uint16_t count) noexcept = 0;
};

class Transmitter {
 public:
  Transmitter(TransmitSink& sink, PipelineCounters& counters) : sink_(sink), counters_(counters) {}
  ~Transmitter() { flush(); }
  Transmitter(const Transmitter&) = delete;
  Transmitter& operator=(const Transmitter&) = delete;

  /// `ingress`: the port where the packet came in. It is counted when it has left (flush). Of a bundle
  /// (fragments.h) the fragments leave, and each is counted; so with `drop`.
  void forward(std::uint8_t ingress, rte_mbuf* packet) noexcept;
  /// As forward, for a whole burst of `bytes` at once, without bundles.
  void forward_burst(std::uint8_t ingress, rte_mbuf** packets, std::uint16_t count,
                     std::uint64_t bytes) noexcept;
  void drop(std::uint8_t ingress, rte_mbuf* packet, DropReason reason) noexcept;
  /// A packet that Weir built leaves at `egress`.
  void inject(std::uint8_t egress, rte_mbuf* packet) noexcept;
  void flush() noexcept;

 private:
  struct Queue {
    std::uint16_t count = 0;
    std::array<rte_mbuf*, kSendQueueMax> packets{};
  };
  void forward_bundle(std::uint8_t ingress, rte_mbuf* bundle) noexcept;
  void send_queue(std::uint8_t ingress) noexcept;
  void send(std::uint8_t ingress, rte_mbuf** packets, std::uint16_t count, std::uint64_t bytes) noexcept;
  void free_dropped() noexcept;

  TransmitSink& sink_;
  PipelineCounters& counters_;
  std::array<Queue, kPortsMax> queues_{};  // by ingress port
  std::uint64_t waiting_ = 0;              // bit n: queues_[n] holds packets
  static_assert(kPortsMax <= 64);
  Queue dropped_;
};

}  // namespace weir::dataplane
