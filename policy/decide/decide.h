// SPDX-License-Identifier: Apache-2.0
// The one function that decides: enforcement, what-if, simulation and explanation all call it.
// Pure: no clock, no allocation beyond the Decision it returns, no state. Thread-safe over a const Policy.
#pragma once

#include <cstddef>
#include <cstdint>

#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"
#include "policy/model/time.h"

namespace weir::policy {

class Policy;

/// kShort: as kOn, but of a section of more than kShortTraceRulesMax rules at most as many of those that may
/// concern the flow, and the one that matches: what an event has room for, at the price of an event.
enum class Trace : std::uint8_t { kOff, kShort, kOn };
inline constexpr std::size_t kShortTraceRulesMax = 16;

/// Judges what is known of a flow at `now`: exceptions first, then every section that applies; in a section
/// the first rule that matches speaks; block beats report beats allow over the sections. A rule that needs a
/// fact that is not known (yet) does not match: the classifier asks again at each new fact, so names speak
/// when they are complete and applications when nDPI has said its word. `trace` other than kOff fills
/// Decision::path.
[[nodiscard]] Decision decide(const Policy& policy, const FlowFacts& facts, const DynamicFacts& dynamic,
                              TimeNs now, Trace trace = Trace::kOff);

}  // namespace weir::policy
