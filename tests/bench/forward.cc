// SPDX-License-Identifier: Apache-2.0
// The packet path alone, without ports: nanoseconds a packet of Pipeline::run over bursts of decided flows,
// and the ceiling over frames that need no flow. Packets are sent to a sink that puts them back, so that no
// buffer is copied.
#include <benchmark/benchmark.h>
#include <rte_mbuf.h>

#include <cstring>
#include <random>

#include "dataplane/io/eal.h"
#include "dataplane/io/packet_pool.h"
#include "dataplane/pipeline/pipeline.h"
#include "tests/support/packet_builder.h"

namespace {

using namespace weir;
using namespace weir::dataplane;

constexpr TimeNs kStart = 1'700'000'000 * kSecond;

Eal& bench_eal() {
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

 private:
  std::unique_ptr<PacketPool> pool_;
  std::vector<rte_mbuf*> packets_;
  std::size_t at_ = 0;
};

PipelineOptions options_for(std::uint32_t flows, rte_mempool* pool) {
  PipelineOptions options;
  options.pairs.resize(1);
  options.flows = flows;
  options.packets = pool;
  options.now = kStart;
  return options;
}

void measure(benchmark::State& state, Pipeline& pipeline, Feed& feed) {
  Batch batch;
  for (auto round : state) {
    static_cast<void>(round);
    feed.next(batch);
    pipeline.run(batch, kStart);
  }
  state.SetItemsProcessed(state.iterations() * kBatchMax);
}

/// 64-byte UDP frames of range(0) flows, all of them decided.
void hit(benchmark::State& state) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  Feed feed("hit-" + std::to_string(flows), flows);
  feed.fill([](std::size_t i) {
    return test::ipv4("10.0." + std::to_string(i >> 8U & 255U) + "." + std::to_string(i & 255U), "198.18.0.1")
        .udp(static_cast<std::uint16_t>(10'000 + i % 50'000), static_cast<std::uint16_t>(9 + (i >> 16U)))
        .payload(std::string(22, 'x'))
        .bytes();
  });
  Keep sink;
  Pipeline pipeline(options_for(2 * flows, feed.pool()), sink);
  Batch batch;
  for (std::size_t burst = 0; burst < feed.bursts(); ++burst) {
    feed.next(batch);
    pipeline.run(batch, kStart);  // nobody is attached: passes by the exception table
  }
  FlowTable& table = pipeline.path().flows;
  for (std::uint32_t slot = 0; slot < table.capacity(); ++slot) {
    if (table.hot(slot).state == FlowState::kUndecided) table.hot(slot).state = FlowState::kDecided;
  }
  measure(state, pipeline, feed);
  if (pipeline.path().flows.size() != feed.bursts() * kBatchMax)
    state.SkipWithError("not every packet is its own flow");
}
BENCHMARK(hit)->Name("fwd.hit.path")->Arg(1'024)->Arg(10'016)->Arg(131'072)->Unit(benchmark::kNanosecond);

void ceiling(benchmark::State& state) {
  Feed feed("ceiling", 1'024);
  feed.fill([](std::size_t /*i*/) { return test::raw(0x88cc).payload(std::string(50, 'x')).bytes(); });
  Keep sink;
  Pipeline pipeline(options_for(1'024, feed.pool()), sink);
  measure(state, pipeline, feed);
}
BENCHMARK(ceiling)->Name("fwd.ceiling.path");

}  // namespace

BENCHMARK_MAIN();
