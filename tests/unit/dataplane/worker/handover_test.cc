// SPDX-License-Identifier: Apache-2.0
// Two workers over two ports with one queue each: what one receives and the other owns, what one sends by the
// other's queue, and every packet accounted for.
#include "dataplane/worker/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "dataplane/control/control_server.h"
#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/frame.h"
#include "dataplane/worker/worker.h"
#include "tests/support/packet_builder.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

using test::Frame;
using test::ipv4;

constexpr std::uint32_t kBuffers = 16'384;
constexpr std::uint32_t kWireSlots = 8'192;
constexpr std::uint8_t kInside = 0;
constexpr std::uint8_t kOutside = 1;

/// A port whose wires are rings that the test holds the other ends of.
struct Wire {
  rte_ring* to_weir = nullptr;
  rte_ring* from_weir = nullptr;
};

class HandoverTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    eal_ = std::move(*Eal::start({.hugepages = false, .megabytes = 128, .cores = {}, .workers = 0}, {}));
    pool_ = std::move(*PacketPool::create("packets", kBuffers));
  }
  static void TearDownTestSuite() {
    pool_.reset();
    eal_.reset();
  }

  void plug(std::uint32_t wire_slots = kWireSlots) {
    exchange_ = std::make_unique<Exchange>(2, 2);
    for (const PortSide side : {PortSide::kInside, PortSide::kOutside}) {
      const std::string name = "wire" + std::to_string(made_++);
      Wire& wire = wires_.at(ports_.size());
      wire.to_weir = rte_ring_create((name + "-in").c_str(), kWireSlots, SOCKET_ID_ANY, 0);
      wire.from_weir = rte_ring_create((name + "-out").c_str(), wire_slots, SOCKET_ID_ANY, 0);
      ASSERT_GE(rte_eth_from_rings(name.c_str(), &wire.to_weir, 1, &wire.from_weir, 1, 0), 0);
      auto port = Port::open("net_ring_" + name, side, pool_->get(), exchange_->steering());
      ASSERT_TRUE(port) << to_text(port.error());
      EXPECT_EQ((*port)->queues(), 1);
      ports_.push_back(std::move(*port));
    }
    settings_.pairs.emplace_back();
    settings_.workers = 2;
    settings_.memory.flows = 4'096;
    PipelineOptions options = pipeline_options(settings_);
    for (PairOptions& pair : options.pairs) pair.exceptions.fill(ExceptionAction::kPass);
    options.packets = pool_->get();
    for (std::uint32_t index = 0; index < 2; ++index) {
      workers_.push_back(std::make_unique<Worker>(options, ports_, exchange_.get(), index));
    }
  }
  void TearDown() override {
    workers_.clear();
    exchange_.reset();
    ports_.clear();
    for (const Wire& wire : wires_) {
      void* packet = nullptr;
      while (rte_ring_dequeue(wire.from_weir, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
      rte_ring_free(wire.to_weir);
      rte_ring_free(wire.from_weir);
    }
    EXPECT_EQ(pool_->in_use(), 0U);
  }

  [[nodiscard]] bool receive(std::uint8_t port, const Frame& frame) {
    rte_mbuf* packet = rte_pktmbuf_alloc(pool_->get());
    if (packet == nullptr) return false;
    std::memcpy(rte_pktmbuf_append(packet, static_cast<std::uint16_t>(frame.size())), frame.data(),
                frame.size());
    if (rte_ring_enqueue(wires_.at(port).to_weir, packet) == 0) return true;
    rte_pktmbuf_free(packet);
    return false;
  }
  /// What has left at `port`.
  std::vector<Frame> sent(std::uint8_t port) {
    std::vector<Frame> frames;
    void* packet = nullptr;
    while (rte_ring_dequeue(wires_.at(port).from_weir, &packet) == 0) {
      const Bytes bytes = frame_of(static_cast<rte_mbuf*>(packet));
      frames.emplace_back(bytes.begin(), bytes.end());
      rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
    }
    return frames;
  }
  [[nodiscard]] PipelineCounters counters(std::size_t worker) { return workers_[worker]->board().read(); }
  /// Of both workers, each for itself and in sum.
  PortCounters add_up(std::uint8_t port) {
    PortCounters sum;
    for (std::size_t worker = 0; worker < 2; ++worker) {
      const PortCounters one = counters(worker).ports[port];
      EXPECT_EQ(one.received, one.transmitted + one.dropped_total() + one.parked) << "worker " << worker;
      sum.add(one);
    }
    return sum;
  }
  void stop() {  // a stopped worker's `run` ends at once and publishes its counters
    for (const auto& worker : workers_) {
      worker->stop();
      worker->run();
    }
  }
  /// A host whose flows belong to this worker.
  [[nodiscard]] std::string host_of(std::uint32_t worker, int number) const {
    for (int i = number * 100;; ++i) {
      const std::string address = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1);
      const Frame frame = ipv4(address, "1.1.1.1").udp(1, 2).bytes();
      if (exchange_->steering().worker_of(frame, kInside) == worker) return address;
    }
  }

  static inline std::unique_ptr<Eal> eal_;
  static inline std::unique_ptr<PacketPool> pool_;
  static inline int made_ = 0;
  std::array<Wire, 2> wires_{};
  Settings settings_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::unique_ptr<Exchange> exchange_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

TEST_F(HandoverTest, AHostsFlowsMeetAtItsWorkerWhicheverPortTheyComeFrom) {
  plug();
  std::vector<Frame> out;
  std::vector<Frame> back;
  for (std::uint32_t owner = 0; owner < 2; ++owner) {
    for (int host = 0; host < 10; ++host) {
      const std::string address = host_of(owner, host);
      out.push_back(ipv4(address, "198.51.100.7").udp(4'000, 443).payload("there").bytes());
      back.push_back(ipv4("198.51.100.7", address).udp(443, 4'000).payload("back").bytes());
    }
  }
  for (const Frame& frame : out) ASSERT_TRUE(receive(kInside, frame));
  for (const Frame& frame : back) ASSERT_TRUE(receive(kOutside, frame));
  for (int turn = 0; turn < 4; ++turn) {
    for (const auto& worker : workers_) worker->turn();
  }
  EXPECT_THAT(sent(kOutside), testing::UnorderedElementsAreArray(out));
  EXPECT_THAT(sent(kInside), testing::UnorderedElementsAreArray(back));
  stop();
  EXPECT_EQ(add_up(kInside).received, 20U);
  EXPECT_EQ(add_up(kOutside).transmitted, 20U);
  for (std::size_t worker = 0; worker < 2; ++worker) {
    EXPECT_EQ(counters(worker).flows_opened, 10U) << "a flow's two directions met two workers";
    EXPECT_EQ(counters(worker).handed_over, 10U);
    EXPECT_EQ(counters(worker).taken_over, 10U);
  }
}

TEST_F(HandoverTest, WhatAWorkerCannotTakeIsDroppedUnderItsNameWhereItCameIn) {
  plug();
  const Frame frame = ipv4(host_of(1, 0), "198.51.100.7").udp(4'000, 443).bytes();
  const std::uint32_t room = kHandoverSlots - 1;
  for (std::uint32_t i = 0; i < room + 100; ++i) ASSERT_TRUE(receive(kInside, frame));
  for (std::uint32_t turn = 0; turn < (room + 100) / kBatchMax + 1; ++turn) workers_[0]->turn();
  stop();
  const PortCounters here = counters(0).ports[kInside];
  EXPECT_EQ(here.received, 100U);
  EXPECT_EQ(here.dropped[static_cast<std::size_t>(DropReason::kHandoverFull)], 100U);
  EXPECT_EQ(here.received_bytes, 100U * frame.size());
  EXPECT_EQ(counters(0).handed_over, room);
  add_up(kInside);
}

TEST_F(HandoverTest, APortThatTakesNothingHoldsNoOtherUp) {
  plug(64);  // the wire takes 63 frames
  const Frame stuck = ipv4(host_of(0, 0), "198.51.100.7").udp(4'000, 443).bytes();
  const std::uint32_t all = kHandoverSlots + 500;
  for (std::uint32_t i = 0; i < all; ++i) ASSERT_TRUE(receive(kInside, stuck));
  const Frame free = ipv4("198.51.100.7", host_of(1, 0)).udp(443, 4'000).bytes();
  ASSERT_TRUE(receive(kOutside, free));
  for (std::uint32_t turn = 0; turn < all / kBatchMax + 4; ++turn) {
    for (const auto& worker : workers_) worker->turn();
  }
  EXPECT_EQ(sent(kInside), std::vector<Frame>{free});
  EXPECT_EQ(sent(kOutside).size(), 63U);
  stop();
  const PortCounters inside = add_up(kInside);
  EXPECT_EQ(inside.received, all);
  EXPECT_EQ(inside.dropped[static_cast<std::size_t>(DropReason::kTransmitFull)],
            all - 63 - (kHandoverSlots - 1));
}

TEST_F(HandoverTest, TwoThreadsLoseAndSwapNothing) {
  plug();
  constexpr std::uint16_t kHosts = 16;
  constexpr std::uint32_t kEach = 4'000;
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < 2; ++i) threads[i] = std::thread([this, i] { workers_[i]->run(); });
  std::array<std::array<std::uint32_t, kHosts>, 2> next{};
  std::array<std::uint32_t, 2> seen{};
  bool in_order = true;
  const auto collect = [&] {
    for (const std::uint8_t port : {kInside, kOutside}) {
      for (const Frame& frame : sent(port)) {
        // The host's number and the packet's are in the payload.
        const std::size_t at = frame.size() - 8;
        const auto host = static_cast<std::size_t>(frame[at] - 'a');
        const auto number = static_cast<std::uint32_t>(
            std::stoul(std::string(frame.begin() + static_cast<long>(at) + 1, frame.end())));
        in_order = in_order && number == next[port].at(host);
        ++next[port].at(host);
        ++seen[port];
      }
    }
  };
  for (std::uint32_t number = 0; number < kEach; ++number) {
    for (std::uint16_t host = 0; host < kHosts; ++host) {
      const std::string address = "10.9.0." + std::to_string(host + 1);
      std::string text = std::to_string(number);
      text = static_cast<char>('a' + host) + std::string(7 - text.size(), '0') + text;
      while (!receive(kInside, ipv4(address, "1.1.1.1").udp(5'000, 53).payload(text).bytes())) collect();
      while (!receive(kOutside, ipv4("1.1.1.1", address).udp(53, 5'000).payload(text).bytes())) collect();
    }
    // Never more on the way than any ring takes: what is lost then is a mistake.
    const auto ahead = [&] { return 2 * kHosts * (number + 1) - seen[0] - seen[1]; };
    while (ahead() > kHandoverSlots / 2) collect();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (seen[0] + seen[1] < 2 * kHosts * kEach && std::chrono::steady_clock::now() < deadline) collect();
  for (std::size_t i = 0; i < 2; ++i) workers_[i]->stop();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  for (const std::uint8_t port : {kInside, kOutside}) {
    EXPECT_EQ(add_up(port).received, kHosts * kEach);
    EXPECT_EQ(add_up(port).transmitted, kHosts * kEach);
  }
  EXPECT_EQ(counters(0).handed_over, counters(1).taken_over);
  EXPECT_EQ(counters(1).handed_over, counters(0).taken_over);
  EXPECT_EQ(counters(0).flows_opened + counters(1).flows_opened, kHosts);
  EXPECT_GT(counters(0).flows_opened, 0U);
  EXPECT_GT(counters(1).flows_opened, 0U);
}

TEST(Queues, EachHasOneOwner) {
  for (const std::uint32_t workers : {1U, 2U, 3U, 8U}) {
    for (std::uint16_t queues = 1; queues <= workers; ++queues) {
      for (std::uint8_t port = 0; port < 6; ++port) {
        std::vector<int> owners(queues);
        for (std::uint32_t worker = 0; worker < workers; ++worker) {
          const auto queue = queue_of(port, queues, worker, workers);
          if (queue) ++owners.at(*queue);
          if (queues == workers) {
            EXPECT_EQ(queue, worker);
          }
        }
        EXPECT_EQ(owners, std::vector<int>(queues, 1));
        const std::uint32_t first = queues == workers ? 0 : queue_owner(port, workers);
        EXPECT_EQ(queue_of(port, queues, first, workers), 0);
      }
    }
  }
}

}  // namespace
}  // namespace weir::dataplane
