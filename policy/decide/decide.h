// SPDX-License-Identifier: Apache-2.0
// The one function that decides: enforcement, what-if, simulation and explanation all call it.
// Pure: no clock, no allocation beyond the Decision it returns, no state. Thread-safe over a const Policy.
#pragma once

#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"
#include "policy/model/time.h"

namespace weir::policy {

class Policy;

enum class Trace : bool { kOff, kOn };

/// Judges what is known of a flow at `now`: exceptions first, then every section that applies; in a section
/// the first rule that matches speaks; block beats report beats allow over the sections. A rule that needs a
/// fact that is not known (yet) does not match: the classifier asks again at each new fact, so names speak
/// when they are complete and applications when nDPI has said its word. `Trace::kOn` fills Decision::path.
[[nodiscard]] Decision decide(const Policy& policy, const FlowFacts& facts, const DynamicFacts& dynamic,
                              TimeNs now, Trace trace = Trace::kOff);

}  // namespace weir::policy
