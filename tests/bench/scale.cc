// SPDX-License-Identifier: Apache-2.0
// One worker and two, each a pinned thread with its own packets, flows and pipeline:
//   scale.core      every packet belongs to the worker that has it: what RSS on the inside address delivers
//   scale.steer     the same, and each worker looks where the packet belongs
//   scale.handover  the same, and half of the packets belong to the other worker
// Packets a second of all workers in sum. A benchmark whose cores are shared says little.
#include <benchmark/benchmark.h>
#include <pthread.h>

#include "dataplane/worker/handover.h"
#include "tests/bench/feed.h"

namespace {

using namespace weir;
using namespace weir::dataplane;
using namespace weir::dataplane::bench;

constexpr std::uint32_t kFlows = 10'048;  // of each worker
constexpr std::uint16_t kKept = 50'000;   // references, so that a packet outlives being dropped

enum class Mode { kCore, kSteer, kHandover };

/// The workers of one run, and what they are fed with.
struct Bed {
  Bed(std::uint32_t workers, Mode wanted) : mode(wanted), exchange(workers, 0) {
    static int beds = 0;
    const std::string name = "scale-" + std::to_string(beds++) + "-";
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
      feeds.push_back(std::make_unique<Feed>(name + std::to_string(worker), kFlows));
      pipelines.push_back(std::make_unique<Pipeline>(options_for(2 * kFlows, feeds.back()->pool()), sink));
      handovers.push_back(
          std::make_unique<Handover>(exchange, worker, std::span<const std::unique_ptr<Port>>{}));
    }
    for (std::uint32_t worker = 0; worker < workers; ++worker) fill(worker);
    for (const auto& pipeline : pipelines) decide_all(*pipeline);
  }
  ~Bed() {
    for (const auto& feed : feeds) {
      for (rte_mbuf* packet : feed->packets()) rte_mbuf_refcnt_set(packet, 1);
    }
  }
  Bed(const Bed&) = delete;
  Bed& operator=(const Bed&) = delete;

  /// Frames of hosts that belong to this worker; for a hand-over, to one worker after the other.
  void fill(std::uint32_t worker) {
    const auto workers = static_cast<std::uint32_t>(feeds.size());
    std::uint32_t host = worker << 16U;
    feeds[worker]->fill([&](std::size_t i) {
      const std::uint32_t owner = mode == Mode::kHandover ? static_cast<std::uint32_t>(i) % workers : worker;
      for (;; ++host) {
        const test::Frame frame =
            test::ipv4("10." + std::to_string(host >> 16U) + "." + std::to_string(host >> 8U & 255U) + "." +
                           std::to_string(host & 255U),
                       "198.18.0.1")
                .udp(10'000, 9)
                .payload(std::string(22, 'x'))
                .bytes();
        if (exchange.steering().worker_of(frame, 0) != owner) continue;
        ++host;
        return frame;
      }
    });
    Batch batch;
    for (rte_mbuf* packet : feeds[worker]->packets()) {
      rte_mbuf_refcnt_set(packet, kKept);
      batch.port = 0;
      batch.count = 1;
      batch.packets[0] = packet;
      const Bytes bytes{rte_pktmbuf_mtod(packet, const std::uint8_t*), packet->data_len};
      pipelines[exchange.steering().worker_of(bytes, 0)]->run(batch, kStart);
    }
  }

  Mode mode;
  Exchange exchange;
  Keep sink;
  std::vector<std::unique_ptr<Feed>> feeds;
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  std::vector<std::unique_ptr<Handover>> handovers;
};

std::unique_ptr<Bed> g_bed;

template <Mode mode>
void set_up(const benchmark::State& state) {
  bench_eal();
  g_bed = std::make_unique<Bed>(static_cast<std::uint32_t>(state.threads()), mode);
}
void tear_down(const benchmark::State& /*state*/) { g_bed.reset(); }

void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  static_cast<void>(pthread_setaffinity_np(pthread_self(), sizeof(set), &set));
}

void scale(benchmark::State& state) {
  pin_to(state.thread_index());
  const auto self = static_cast<std::uint32_t>(state.thread_index());
  Bed& bed = *g_bed;
  Pipeline& pipeline = *bed.pipelines[self];
  Handover& handover = *bed.handovers[self];
  Batch batch;
  for (auto round : state) {
    static_cast<void>(round);
    bed.feeds[self]->next(batch);
    if (bed.mode != Mode::kCore) handover.give(batch, pipeline);
    if (batch.count > 0) pipeline.run(batch, kStart);
    if (bed.mode != Mode::kHandover) continue;
    for (std::uint32_t from = 0; from < handover.workers(); ++from) {
      while (from != self && handover.take(from, batch) > 0) pipeline.run(batch, kStart);
    }
    handover.ring_bells();
  }
  state.SetItemsProcessed(state.iterations() * kBatchMax);
  const auto lost =
      pipeline.path().counters.ports[0].dropped[static_cast<std::size_t>(DropReason::kHandoverFull)];
  state.counters["lost_share"] =
      benchmark::Counter(static_cast<double>(lost) / static_cast<double>(state.iterations() * kBatchMax),
                         benchmark::Counter::kAvgThreads);
}

#define WEIR_SCALE(name, mode) \
  BENCHMARK(scale)->Name(name)->Setup(set_up<mode>)->Teardown(tear_down)->ThreadRange(1, 2)->UseRealTime()
WEIR_SCALE("scale.core", Mode::kCore);
WEIR_SCALE("scale.steer", Mode::kSteer);
WEIR_SCALE("scale.handover", Mode::kHandover);

}  // namespace

BENCHMARK_MAIN();
