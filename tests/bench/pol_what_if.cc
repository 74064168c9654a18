// SPDX-License-Identifier: Apache-2.0
// pol.what_if: two policies over recorded events, from the bytes of the entries of a stream, as `weirctl
// policy what-if` does it. The events are those of WEIR_BENCH_EVENTS (a file of a replay), or made up ones.
// flows_s: flows a processor second, of a single thread.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <limits>
#include <memory>

#include "policy/ctl/recorded_events.h"
#include "policy/ctl/recorded_what_if.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "tests/bench/evt_feed.h"
#include "tests/bench/pol_eval.h"
#include "tests/bench/pol_rules.h"

namespace weir::bench {
namespace {

constexpr std::size_t kEntries = 400;
constexpr std::size_t kBatch = 256;  // events an entry

std::shared_ptr<const policy::Policy> compiled(const std::string& text) {
  return policy::compile(text, {.file = "bench", .revision = 1}).value();
}

void what_if(benchmark::State& state) {
  const char* file = std::getenv("WEIR_BENCH_EVENTS");
  EventFeed feed{read_templates(file == nullptr ? "" : file), 0};
  const std::vector<policy::StreamEntry> entries = feed.entries(kEntries, kBatch);
  const auto rules = static_cast<std::size_t>(state.range(0));
  const auto running = compiled(PolicyBed{RuleKind::kMixed, rules}.text());
  const auto candidate = compiled(PolicyBed{RuleKind::kMixed, rules + 1}.text());
  std::uint64_t flows = 0;
  std::uint64_t events = 0;
  for (auto _ : state) {
    ctl::WhatIf counted;
    ctl::RecordedWhatIf recorded{running, candidate, std::numeric_limits<TimeNs>::min(),
                                 [&](const ctl::JudgedFlow& flow) { counted.count(flow); }};
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry)
      ctl::visit_backwards(*entry, ctl::DecisionPath::kLeftOut,
                           [&](const auto& event, TimeNs at) { return recorded.add(event, at); });
    recorded.finish();
    flows += counted.flows();
    events += recorded.events();
  }
  state.counters["flows_s"] = benchmark::Counter(static_cast<double>(flows), benchmark::Counter::kIsRate);
  state.counters["events_a_flow"] = static_cast<double>(events) / static_cast<double>(flows);
}

}  // namespace

void add_pol_what_if() {
  benchmark::RegisterBenchmark("pol.what_if", what_if)->Arg(10)->Arg(1'000)->Unit(benchmark::kMillisecond);
}

}  // namespace weir::bench
