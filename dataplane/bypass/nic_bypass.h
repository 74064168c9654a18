// SPDX-License-Identifier: Apache-2.0
// Relays of a card that connect its two ports when the machine is off or nobody feeds its watchdog: Intel's
// bypass adapters, through DPDK's ixgbe driver. Any other port does not offer them, and a build without that
// driver offers them for none. Compiled and refused by the ports of the lab; never run on such a card.
//
// Only the data plane can use it: the ports have to be open.
#pragma once

#include <memory>

#include "dataplane/bypass/bypass.h"

namespace weir::dataplane {

/// kInvalid: this pair's ports do not offer it, and another bypass has to do.
[[nodiscard]] Result<std::unique_ptr<Bypass>> make_nic_bypass(const PairSettings& pair);

}  // namespace weir::dataplane
