// SPDX-License-Identifier: Apache-2.0
// weir-bench-ring: benchmarks of the data plane in one process over DPDK's ring ports.
#include <sched.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <map>

#include "tests/bench/ring_benches.h"

namespace {

/// Of real-time threads the kernel holds back a part of each second unless it was told not to: an open loop
/// then loses packets by itself.
void warn_of_throttling() {
  std::ifstream file("/proc/sys/kernel/sched_rt_runtime_us");
  int runtime_us = -1;
  if (sched_getscheduler(0) != SCHED_OTHER && file >> runtime_us && runtime_us >= 0) {
    std::cerr << "bench: warning: the kernel holds back real-time threads for a part of each second; "
                 "sysctl kernel.sched_rt_runtime_us=-1 makes it stop\n";
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace weir::bench;
  const std::map<std::string, void (*)(const Options&)> benches = {
      {"fwd.ceiling", bench_ceiling}, {"fwd.hit", bench_hit},       {"fwd.growth", bench_growth},
      {"lat.added", bench_latency},   {"pol.reload", bench_reload}, {"rob.flood", bench_flood}};
  Options options;
  std::vector<std::string> wanted;
  CLI::App app("Benchmarks of Weir's data plane over ring ports, against a macswap loop on the same ports.");
  app.add_option("--rounds", options.rounds, "rounds of control, candidate, control")
      ->check(CLI::Range(1, 1'000));
  app.add_option("--seconds", options.seconds, "of each measurement")->check(CLI::Range(0.01, 600.0));
  app.add_flag("--smoke", options.smoke, "one short round: shows that it runs");
  app.add_option("bench", wanted, "which; all when none is named")->check(CLI::IsMember(benches));
  CLI11_PARSE(app, argc, argv);
  warn_of_throttling();
  if (options.smoke) options = {.rounds = 1, .seconds = 0.05, .smoke = true};
  for (const auto& [name, run] : benches) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) run(options);
  }
}
