// SPDX-License-Identifier: Apache-2.0
// The packet path alone, without ports: nanoseconds a packet of Pipeline::run over bursts of decided flows,
// and the ceiling over frames that need no flow. Packets are sent to a sink that puts them back, so that no
// buffer is copied.
#include <benchmark/benchmark.h>

#include "tests/bench/feed.h"

namespace {

using namespace weir;
using namespace weir::dataplane;
using namespace weir::dataplane::bench;

void measure(benchmark::State& state, Pipeline& pipeline, Feed& feed) {
  Batch batch;
  for (auto round : state) {
    static_cast<void>(round);
    feed.next(batch);
    pipeline.run(batch, kStart);
  }
  state.SetItemsProcessed(state.iterations() * kBatchMax);
}

enum class Capturing : std::uint8_t { kNothing, kAnotherClient, kAll };

/// 64-byte UDP frames of range(0) flows, all of them decided.
void hit(benchmark::State& state, Capturing capturing) {
  const auto flows = static_cast<std::uint32_t>(state.range(0));
  Feed feed("hit-" + std::to_string(flows), flows);
  feed.fill([](std::size_t i) {
    return test::ipv4("10.0." + std::to_string(i >> 8U & 255U) + "." + std::to_string(i & 255U), "198.18.0.1")
        .udp(static_cast<std::uint16_t>(10'000 + i % 50'000), static_cast<std::uint16_t>(9 + (i >> 16U)))
        .payload(std::string(22, 'x'))
        .bytes();
  });
  Keep sink;
  PipelineOptions options = options_for(2 * flows, feed.pool());
  options.capture = {.ring_bytes = 8U << 20U, .all = capturing == Capturing::kAll};
  Pipeline pipeline(options, sink);
  PacketCapture& capture = pipeline.path().capture;
  if (capturing == Capturing::kAnotherClient) {
    capture.filters[0].has_address = true;
    capture.filter_count = 1;
  }
  Batch batch;
  for (std::size_t burst = 0; burst < feed.bursts(); ++burst) {
    feed.next(batch);
    pipeline.run(batch, kStart);  // nobody is attached: passes by the exception table
  }
  decide_all(pipeline);
  measure(state, pipeline, feed);
  if (pipeline.path().flows.size() != feed.bursts() * kBatchMax)
    state.SkipWithError("not every packet is its own flow");
}
BENCHMARK_CAPTURE(hit, captured_another, Capturing::kAnotherClient)
    ->Name("fwd.hit.captured-another")
    ->Arg(10'016)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(hit, captured_all, Capturing::kAll)
    ->Name("fwd.hit.captured-all")
    ->Arg(10'016)
    ->Unit(benchmark::kNanosecond);
BENCHMARK_CAPTURE(hit, path, Capturing::kNothing)
    ->Name("fwd.hit.path")
    ->Arg(1'024)
    ->Arg(10'016)
    ->Arg(131'072)
    ->Unit(benchmark::kNanosecond);

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
