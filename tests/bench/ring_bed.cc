// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/ring_bed.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "dataplane/io/eal.h"
#include "dataplane/packet/checksum.h"
#include "tests/bench/seeded.h"

namespace weir::bench {
namespace {

using namespace dataplane;

constexpr std::size_t kMacBytes = 6;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bench: error: %s\n", what.c_str());
  std::exit(1);
}

Eal& bench_eal() {
  static const std::unique_ptr<Eal> eal = [] {
    auto started = Eal::start({.hugepages = true, .megabytes = 1'024, .cores = {}, .workers = 0}, {});
    if (!started) fail(to_text(started.error()));
    return std::move(*started);
  }();
  return *eal;
}

void put16(std::uint8_t* to, std::uint16_t value) {
  to[0] = static_cast<std::uint8_t>(value >> 8U);
  to[1] = static_cast<std::uint8_t>(value);
}

}  // namespace

void write_udp_frame(std::uint8_t* to, std::uint16_t bytes, std::uint32_t number) {
  static constexpr std::uint8_t kHead[42] = {2,    0, 0,   0,  0, 2, 2, 0, 0,  0,  0, 1, 8,  0,
                                             0x45, 0, 0,   0,  0, 0, 0, 0, 64, 17, 0, 0, 10, 0,
                                             0,    0, 198, 18, 0, 1, 0, 0, 0,  9,  0, 0, 0,  0};
  std::memcpy(to, kHead, sizeof(kHead));
  const auto ip_bytes = static_cast<std::uint16_t>(bytes - 14);
  put16(to + 16, ip_bytes);
  // 24 bits of the number in the address, the rest in the port: flows differ in both ends' tables.
  to[27] = static_cast<std::uint8_t>(number >> 16U);
  to[28] = static_cast<std::uint8_t>(number >> 8U);
  to[29] = static_cast<std::uint8_t>(number);
  put16(to + 34, static_cast<std::uint16_t>(10'000 + (number >> 24U)));
  put16(to + 38, static_cast<std::uint16_t>(ip_bytes - 20));
  const std::uint16_t sum = checksum_fold(checksum_add(0, Bytes(to + 14, 20)));
  const auto field = static_cast<std::uint16_t>(~sum);
  std::memcpy(to + 24, &field, sizeof(field));
}

void write_syn_frame(std::uint8_t* to, std::uint32_t number) {
  write_udp_frame(to, 60, number & 0xff'ffffU);
  to[23] = 6;
  put16(to + 16, 40);  // IP and TCP headers, the rest is padding
  put16(to + 34, static_cast<std::uint16_t>(1'024 + (number >> 8U)));
  put16(to + 36, 443);
  std::memset(to + 38, 0, 22);
  to[46] = 5U << 4U;
  to[47] = 2;  // SYN
  put16(to + 24, 0);
  const auto header = static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, Bytes(to + 14, 20))));
  std::memcpy(to + 24, &header, sizeof(header));
  const std::uint64_t pseudo = pseudo_header_sum(Bytes(to + 26, 8), 6, 20);
  const auto segment = static_cast<std::uint16_t>(~checksum_fold(checksum_add(pseudo, Bytes(to + 34, 20))));
  std::memcpy(to + 50, &segment, sizeof(segment));
}

void write_plain_frame(std::uint8_t* to, std::uint16_t bytes) {
  std::memset(to, 0, bytes);
  to[0] = to[6] = 2;
  to[5] = 2;
  to[11] = 1;
  put16(to + 12, 0x88b5);
}

RingBed::RingBed(std::uint32_t packets, unsigned ring) {
  static_cast<void>(bench_eal());
  static int beds = 0;
  const std::string tag = "bed" + std::to_string(beds++);
  auto pool = PacketPool::create(tag, packets);
  if (!pool) fail(to_text(pool.error()));
  pool_ = std::move(*pool);
  for (const char* name : {"-ii", "-io", "-oi", "-oo"}) {
    rings_.push_back(rte_ring_create((tag + name).c_str(), ring, 0, RING_F_SP_ENQ | RING_F_SC_DEQ));
    if (rings_.back() == nullptr) fail("no memory for a ring");
  }
  for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
    const std::string name = tag + (side == 0 ? "i" : "o");
    if (rte_eth_from_rings(name.c_str(), &rings_[2 * side], 1, &rings_[2 * side + 1], 1, 0) < 0)
      fail("no ring port");
    auto port =
        Port::open("net_ring_" + name, side == 0 ? PortSide::kInside : PortSide::kOutside, pool_->get());
    if (!port) fail(to_text(port.error()));
    ports_.push_back(std::move(*port));
  }
}

RingBed::~RingBed() {
  static_cast<void>(drain());
  ports_.clear();
  for (rte_ring* ring : rings_) rte_ring_free(ring);
}

void RingBed::take_buffers(rte_mbuf** burst) {
  if (rte_pktmbuf_alloc_bulk(pool(), burst, kBurst) != 0) fail("the packet pool is empty");
}

void RingBed::enqueue(rte_mbuf** burst) {
  if (rte_ring_enqueue_bulk(rings_[0], reinterpret_cast<void**>(burst), kBurst, nullptr) == 0) {
    rte_pktmbuf_free_bulk(burst, kBurst);
  }
}

bool RingBed::try_take(rte_mbuf** burst, std::uint16_t count) {
  return rte_pktmbuf_alloc_bulk(pool(), burst, count) == 0;
}

std::uint16_t RingBed::try_enqueue(rte_mbuf** burst, std::uint16_t count) {
  const unsigned taken = rte_ring_enqueue_burst(rings_[0], reinterpret_cast<void**>(burst), count, nullptr);
  if (taken < count) rte_pktmbuf_free_bulk(burst + taken, count - taken);
  return static_cast<std::uint16_t>(taken);
}

std::uint16_t RingBed::take_out(rte_mbuf** burst) {
  return static_cast<std::uint16_t>(
      rte_ring_dequeue_burst(rings_[3], reinterpret_cast<void**>(burst), kBurst, nullptr));
}

void RingBed::give_back(rte_mbuf** burst, std::uint16_t count) {
  if (count > 0) rte_pktmbuf_free_bulk(burst, count);
}

std::uint8_t* RingBed::data_of(rte_mbuf* packet) { return rte_pktmbuf_mtod(packet, std::uint8_t*); }

void RingBed::set_length(rte_mbuf* packet, std::uint16_t bytes) {
  packet->data_len = bytes;
  packet->pkt_len = bytes;
}

std::uint32_t RingBed::drain() {
  rte_mbuf* burst[kBurst];
  std::uint32_t total = 0;
  while (true) {
    const unsigned count =
        rte_ring_dequeue_burst(rings_[3], reinterpret_cast<void**>(burst), kBurst, nullptr);
    if (count > 0) rte_pktmbuf_free_bulk(burst, count);
    total += count;
    if (count < kBurst) return total;
  }
}

void RingBed::control_turn() {
  rte_mbuf* burst[kBurst];
  const std::uint16_t count = ports_[0]->receive(burst, kBurst);
  for (std::uint16_t i = 0; i < count; ++i) {
    if (i + 1U < count) rte_prefetch0(data_of(burst[i + 1]));
    std::uint8_t* frame = data_of(burst[i]);
    std::uint8_t kept[kMacBytes];
    std::memcpy(kept, frame, kMacBytes);
    std::memcpy(frame, frame + kMacBytes, kMacBytes);
    std::memcpy(frame + kMacBytes, kept, kMacBytes);
  }
  const std::uint16_t sent = ports_[1]->send(burst, count);
  if (sent < count) rte_pktmbuf_free_bulk(burst + sent, static_cast<unsigned>(count - sent));
}

PipelineOptions options_on(const RingBed& bed, std::uint32_t flows) {
  PipelineOptions options;
  options.pairs.resize(1);
  options.flows = flows;
  options.packets = bed.pool();
  options.now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                    std::chrono::system_clock::now().time_since_epoch())
                    .count();
  options.timeouts.udp_s = 86'400;  // a long round must not expire what it measures
  return options;
}

void decide_all(Worker& worker) {
  FlowTable& flows = worker.path().flows;
  for (std::uint32_t slot = 0; slot < flows.capacity(); ++slot) {
    if (flows.hot(slot).state == FlowState::kUndecided) flows.hot(slot).state = FlowState::kDecided;
  }
}

void seed(RingBed& bed, Worker& worker, std::uint32_t flows) {
  for (std::uint32_t first = 0; first < flows; first += kBurst) {
    bed.offer([&](std::uint8_t* to, std::uint16_t i) {
      write_udp_frame(to, 60, std::min(first + i, flows - 1));
      return std::uint16_t{60};
    });
    worker.turn();
    static_cast<void>(bed.drain());
  }
  decide_all(worker);
}

}  // namespace weir::bench
