// SPDX-License-Identifier: Apache-2.0
// A test bed in one thread: a generator writes frames of chosen flows into the ring of an inside port, what
// is measured takes them to the outside port, a sink frees them. What is measured is either a whole Worker of
// Weir or, as the control, a loop that does what testpmd's macswap does (swap the MAC addresses) on the very
// same two ports. It says nothing about drivers or about what two cores cost each other.
#pragma once

#include <rte_ring.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/io/packet_pool.h"
#include "dataplane/io/port.h"
#include "dataplane/worker/worker.h"

namespace weir::bench {

inline constexpr std::uint16_t kBurst = 64;

/// A frame of UDP over IPv4 from flow `number`: addresses and ports follow from the number, checksums are
/// right (IPv4) or left out (UDP, RFC 768). At least 60 bytes without FCS.
void write_udp_frame(std::uint8_t* to, std::uint16_t bytes, std::uint32_t number);
/// A SYN to port 443 whose source follows from the number.
void write_syn_frame(std::uint8_t* to, std::uint32_t number);
/// A frame that is not IP (EtherType 0x88b5, local experimental).
void write_plain_frame(std::uint8_t* to, std::uint16_t bytes);

/// Two ports over rings, a packet pool, EAL.
class RingBed {
 public:
  /// `ring`: packets that a port's ring holds, a power of two. A long one outlasts the time for which a busy
  /// machine takes a core away.
  explicit RingBed(std::uint32_t packets = 16'384, unsigned ring = 1'024);
  ~RingBed();
  RingBed(const RingBed&) = delete;
  RingBed& operator=(const RingBed&) = delete;

  [[nodiscard]] rte_mempool* pool() const { return pool_->get(); }
  [[nodiscard]] std::span<const std::unique_ptr<dataplane::Port>> ports() const { return ports_; }
  [[nodiscard]] rte_ring* into_inside() const { return rings_[0]; }
  [[nodiscard]] rte_ring* out_of_outside() const { return rings_[3]; }

  /// Puts a burst of `kBurst` packets before the inside port; `write(data, i)` fills each and returns its
  /// bytes.
  template <typename Write>
  void offer(Write write) {
    rte_mbuf* burst[kBurst];
    take_buffers(burst);
    for (std::uint16_t i = 0; i < kBurst; ++i) set_length(burst[i], write(data_of(burst[i]), i));
    enqueue(burst);
  }
  /// As offer, of `count` packets at most; how many the port's ring took.
  template <typename Write>
  std::uint16_t try_offer(std::uint16_t count, Write write) {
    rte_mbuf* burst[kBurst];
    if (!try_take(burst, count)) return 0;
    for (std::uint16_t i = 0; i < count; ++i) set_length(burst[i], write(data_of(burst[i]), i));
    return try_enqueue(burst, count);
  }
  /// `look(data)` at each packet that came out at the outside port, then it is freed; how many.
  template <typename Look>
  std::uint32_t drain(Look look) {
    rte_mbuf* burst[kBurst];
    const std::uint16_t count = take_out(burst);
    for (std::uint16_t i = 0; i < count; ++i) look(data_of(burst[i]));
    give_back(burst, count);
    return count;
  }
  /// Frees what came out at the outside port; how many.
  std::uint32_t drain();
  /// What testpmd's macswap does with one burst.
  void control_turn();

 private:
  [[nodiscard]] bool try_take(rte_mbuf** burst, std::uint16_t count);
  [[nodiscard]] std::uint16_t try_enqueue(rte_mbuf** burst, std::uint16_t count);
  [[nodiscard]] std::uint16_t take_out(rte_mbuf** burst);
  static void give_back(rte_mbuf** burst, std::uint16_t count);
  void take_buffers(rte_mbuf** burst);
  void enqueue(rte_mbuf** burst);
  static std::uint8_t* data_of(rte_mbuf* packet);
  static void set_length(rte_mbuf* packet, std::uint16_t bytes);

  std::unique_ptr<dataplane::PacketPool> pool_;
  std::vector<rte_ring*> rings_;  // into inside, out of inside, into outside, out of outside
  std::vector<std::unique_ptr<dataplane::Port>> ports_;
};

/// A worker's options on this bed: one pair, every exception passes, room for `flows`.
[[nodiscard]] dataplane::PipelineOptions options_on(const RingBed& bed, std::uint32_t flows);

/// Marks every flow of the worker decided: forward.
void decide_all(dataplane::Worker& worker);

/// Seconds of processor time that this thread has used: what else the machine does is not in it.
[[nodiscard]] inline double thread_seconds() {
  timespec time{};
  static_cast<void>(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time));
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Packets a second of `turn()` called for `seconds`; each call takes a burst through and says its packets.
template <typename Turn>
double rate(double seconds, Turn turn) {
  constexpr int kTurnsBetweenLooks = 256;
  const double start = thread_seconds();
  std::uint64_t packets = 0;
  double passed = 0;
  do {
    for (int i = 0; i < kTurnsBetweenLooks; ++i) packets += turn();
    passed = thread_seconds() - start;
  } while (passed < seconds);
  return static_cast<double>(packets) / passed;
}

}  // namespace weir::bench
