// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include "tests/bench/pol_eval.h"

int main(int argc, char** argv) {
  weir::bench::add_pol_eval();
  weir::bench::add_pol_swap();
  weir::bench::add_pol_what_if();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
