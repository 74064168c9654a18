// SPDX-License-Identifier: Apache-2.0
// The benchmarks of the policy, registered with Google Benchmark.
#pragma once

namespace weir::bench {

void add_pol_eval();
void add_pol_swap();
void add_pol_what_if();

}  // namespace weir::bench
