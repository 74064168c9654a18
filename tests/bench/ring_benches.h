// SPDX-License-Identifier: Apache-2.0
// The benchmarks of weir-bench-ring, each in a file of its kind.
#pragma once

#include "tests/bench/ring_rounds.h"

namespace weir::bench {

void bench_ceiling(const Options& options);
void bench_hit(const Options& options);
void bench_growth(const Options& options);  // also mem.flow
void bench_latency(const Options& options);
void bench_reload(const Options& options);
void bench_flood(const Options& options);

}  // namespace weir::bench
