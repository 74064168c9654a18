// SPDX-License-Identifier: Apache-2.0
// evt.encode: what an event costs from the facts of its flow to the bytes of an entry. Google Benchmark; time
// is an event's. `object` makes a protobuf object for each event and serialises it; `reused` is what the
// inspection thread does (EventBuilder, whose object keeps its memory, then serialise); `batch` is what the
// publisher's thread adds, with bytes an event; `open` is what a reader pays. WEIR_BENCH_EVENTS: a file of
// recorded events.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "classifier/publish/community_id.h"
#include "classifier/publish/event_builder.h"
#include "policy/bus/event_batch.h"
#include "policy/engine/event_codec.h"
#include "policy/engine/recorded_facts.h"
#include "tests/bench/evt_feed.h"

namespace {

using namespace weir;

/// A flow's facts and decision as they were when an event was said.
struct Story {
  event::FlowEvent event;
  FlowFacts facts;
  Decision decision;
};

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories = [] {
    const char* file = std::getenv("WEIR_BENCH_EVENTS");
    std::vector<Story> all;
    for (event::FlowEvent& event : bench::read_templates(file == nullptr ? "" : file)) {
      Story story{event, policy::recorded_facts(event), {}};
      story.decision.revision = event.policy_revision();
      story.decision.group = event.group();
      story.decision.rule = event.rule();
      for (const event::Step& step : event.path())
        story.decision.path.push_back({Section::kNetwork, step.rule(), step.matched(), step.why()});
      all.push_back(std::move(story));
    }
    return all;
  }();
  return kStories;
}

classifier::EventBuilder builder() { return {{"weir", 0x5eed, 0}, {"lan"}}; }

std::size_t encode(classifier::EventBuilder& to, const Story& story, std::string& bytes) {
  const event::FlowEvent& event =
      to.build(story.event.kind(), static_cast<TimeNs>(story.event.time_ns()),
               {.facts = story.facts, .decision = story.decision, .number = 7, .path = story.decision.path});
  bytes.clear();
  event.AppendToString(&bytes);
  return bytes.size();
}

void object(benchmark::State& state) {
  std::size_t next = 0;
  for (auto _ : state) {
    classifier::EventBuilder fresh = builder();
    std::string bytes;
    benchmark::DoNotOptimize(encode(fresh, stories()[next++ % stories().size()], bytes));
  }
}

void reused(benchmark::State& state) {
  classifier::EventBuilder kept = builder();
  std::string bytes;
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(encode(kept, stories()[next++ % stories().size()], bytes));
}

/// The part of both that is not encoding: the Community ID's hash.
void community(benchmark::State& state) {
  std::size_t next = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(classifier::community_id(stories()[next++ % stories().size()].facts.tuple));
}

std::vector<std::string> serialised(std::size_t count) {
  bench::EventFeed feed{
      bench::read_templates(std::getenv("WEIR_BENCH_EVENTS") ? std::getenv("WEIR_BENCH_EVENTS") : ""), 0};
  std::vector<std::string> events;
  for (std::size_t i = 0; i < count; ++i) events.push_back(feed.next().SerializeAsString());
  return events;
}

/// Over 4,096 events, so that no batch is like another. Calls `work` with each batch; gives nothing.
template <typename Work>
void over_batches(benchmark::State& state, Work&& work) {
  const auto size = static_cast<std::size_t>(state.range(0));
  static const std::vector<std::string> kEvents = serialised(4'096);
  std::size_t at = 0;
  std::size_t events = 0;
  for (auto _ : state) {
    if (at + size > kEvents.size()) at = 0;
    std::vector<std::string_view> views{kEvents.begin() + static_cast<std::ptrdiff_t>(at),
                                        kEvents.begin() + static_cast<std::ptrdiff_t>(at + size)};
    const std::size_t count = policy::fitting(views);
    work(std::span<const std::string_view>{views}.first(count));
    at += count;
    events += count;
  }
  state.counters["events_s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["event_ns"] = benchmark::Counter(static_cast<double>(events) * 1e-9,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void batch(benchmark::State& state) {
  double bytes = 0;
  double events = 0;
  over_batches(state, [&](std::span<const std::string_view> some) {
    bytes += static_cast<double>(policy::encode_batch(some).size());
    events += static_cast<double>(some.size());
  });
  state.counters["event_B"] = bytes / events;
}

void open(benchmark::State& state) {
  std::string payload;
  over_batches(state, [&](std::span<const std::string_view> some) {
    state.PauseTiming();
    payload = policy::encode_batch(some);
    state.ResumeTiming();
    benchmark::DoNotOptimize(policy::open_batch(payload));
  });
}

/// What the engine pays to have an event's fields, into an object that keeps its memory.
void decode(benchmark::State& state) {
  const std::vector<std::string> events = serialised(4'096);
  event::FlowEvent event;
  std::size_t next = 0;
  for (auto _ : state) {
    if (!policy::decode_event(events[next++ % events.size()], event)) state.SkipWithError("refused");
  }
}

BENCHMARK(object)->Name("evt.encode/object");
BENCHMARK(reused)->Name("evt.encode/reused");
BENCHMARK(community)->Name("evt.encode/community_id");
BENCHMARK(batch)->Name("evt.encode/batch")->Arg(1)->Arg(4)->Arg(16)->Arg(64)->Arg(256);
BENCHMARK(open)->Name("evt.encode/open")->Arg(1)->Arg(256);
BENCHMARK(decode)->Name("evt.encode/decode");

}  // namespace

BENCHMARK_MAIN();
