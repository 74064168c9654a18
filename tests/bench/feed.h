// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of the packet path share: packets that are offered round and round, a sink that leaves
// them to their owner, and flows that are decided.
#pragma once

#include <rte_mbuf.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/pipeline.h"
#include "tests/support/packet_builder.h"

namespace weir::dataplane::bench {

inline constexpr TimeNs kStart = 1'700'000'000 * kSecond;

inline Eal& bench_eal() {
  static const std::unique_ptr<Eal> eal = [] {
    auto started = Eal::start({.hugepages = true, .megabytes = 1'024, .cores = {}, .workers = 0}, {});
    if (!started) std::abort();
    return std::move(*started);
  }();
  return *eal;
}

class Keep final : public TransmitSink {
 public:
  std::uint16_t send(std::uint8_t /*port*/, rte_mbuf** /*packets*/, std::uint16_t count) noexcept override {
    return count;  // still owned by the bench
  }
};

/// `packets` frames in one pool, offered in bursts of kBatchMax, round and round.
class Feed {
 public:
  Feed(const std::string& name, std::uint32_t packets) {
    bench_eal();
    pool_ = std::move(*PacketPool::create(name, packets));
    packets_.resize(packets / kBatchMax * kBatchMax);
    for (rte_mbuf*& packet : packets_) packet = rte_pktmbuf_alloc(pool_->get());
  }
  ~Feed() { rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(packets_.size())); }
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  template <typename Make>
  void fill(Make make) {
    for (std::size_t i = 0; i < packets_.size(); ++i) {
      const test::Frame frame = make(i);
      std::memcpy(rte_pktmbuf_append(packets_[i], static_cast<std::uint16_t>(frame.size())), frame.data(),
                  frame.size());
    }
  }
  void next(Batch& batch) {
    batch.port = 0;
    batch.count = kBatchMax;
    std::memcpy(batch.packets.data(), &packets_[at_], sizeof(rte_mbuf*) * kBatchMax);
    at_ = (at_ + kBatchMax) % packets_.size();
  }
  [[nodiscard]] std::size_t bursts() const { return packets_.size() / kBatchMax; }
  [[nodiscard]] rte_mempool* pool() const { return pool_->get(); }
  [[nodiscard]] std::span<rte_mbuf* const> packets() const { return packets_; }

 private:
  std::unique_ptr<PacketPool> pool_;
  std::vector<rte_mbuf*> packets_;
  std::size_t at_ = 0;
};

inline PipelineOptions options_for(std::uint32_t flows, rte_mempool* pool) {
  PipelineOptions options;
  options.pairs.resize(1);
  options.flows = flows;
  options.packets = pool;
  options.now = kStart;
  return options;
}

/// As if a classifier had let all of them pass.
inline void decide_all(Pipeline& pipeline) {
  FlowTable& table = pipeline.path().flows;
  for (std::uint32_t slot = 0; slot < table.capacity(); ++slot) {
    if (table.hot(slot).state == FlowState::kUndecided) table.hot(slot).state = FlowState::kDecided;
  }
}

}  // namespace weir::dataplane::bench
