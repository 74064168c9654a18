// SPDX-License-Identifier: Apache-2.0
// Two captures as the two ports of the first pair: `inside.pcap` and `outside.pcap` of a directory, merged by
// their stamps. Writes what left at each port (`out-inside.pcap`, `out-outside.pcap`) and `counters.json`.
// Exceptions, deadlines and checksums are those of the configuration, in the captures' time.
#pragma once

#include <cstdint>
#include <string>

#include "policy/model/error.h"
#include "policy/model/settings.h"
#include "policy/model/simulation.h"

namespace weir::dataplane {

struct ReplayPortsOptions {
  Settings settings;
  std::string directory;        // of the captures
  std::string out_directory;    // of what is written
  bool classifier = true;       // false: nobody is waited for; the exception table judges
  bool lockstep = true;         // false: the classifier is attached but not waited for
  std::uint32_t advance_s = 0;  // time that passes after the last packet, before the counters are written
  Simulation simulation;        // faults that are forced
};

[[nodiscard]] Result<int> run_replay_ports(const ReplayPortsOptions& options);

}  // namespace weir::dataplane
