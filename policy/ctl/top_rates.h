// SPDX-License-Identifier: Apache-2.0
// What happens a second: the difference of two replies of the data plane's control socket. No terminal here.
#pragma once

#include <string>

#include "policy/ctl/output.h"

namespace weir::ctl {

/// The replies to `status` and to `flows`, taken one after the other.
struct TopReading {
  Json status;
  Json flows;
};

/// `seconds` lie between the two readings. `by`: "bytes" or "packets", the order of flows and clients. Keys:
/// appliance, uptime_s, channel, revision, flows, flows_judged, parked; opened_s, closed_s, verdicts_s,
/// resets_s; ports [{name, packets_s, bits_s, dropped_s, parked}]; drops_s and exceptions_s by name, those
/// alone that are not 0; stage_cycles by stage (a packet, while it was timed); busiest flows and clients
/// [{who, packets_s, bits_s, ...}]. Counters that went backwards (a restart) count from 0.
[[nodiscard]] Json top_rates(const TopReading& before, const TopReading& after, double seconds,
                             const std::string& by);

}  // namespace weir::ctl
