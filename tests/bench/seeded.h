// SPDX-License-Identifier: Apache-2.0
// A worker whose flows 0 to n - 1 (write_udp_frame) are known and decided.
#pragma once

#include "tests/bench/ring_bed.h"

namespace weir::bench {

void seed(RingBed& bed, dataplane::Worker& worker, std::uint32_t flows);

}  // namespace weir::bench
