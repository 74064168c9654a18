// SPDX-License-Identifier: Apache-2.0
// What is compared when evidence is played again: what the policy said of a flow, whoever said it and when.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policy/model/flow_event.pb.h"

namespace weir::policy {
class Policy;
}

namespace weir::evidence {

struct Verdict {
  std::string action;
  std::string rule;
  std::set<std::string> hits;  // rule, action, object of each
  bool operator==(const Verdict&) const = default;
};

/// "block by no-gambling (no-gambling block bet.example)".
[[nodiscard]] std::string to_text(const Verdict& verdict);
/// The same on every machine for the same verdict.
[[nodiscard]] std::string hash_of(const Verdict& verdict);

/// Of the events of one flow, in their order: the last word, and all that was hit on the way.
[[nodiscard]] Verdict verdict_of(const std::vector<event::FlowEvent>& events);
/// What the policy says of what was known of the flow at its last event: the same decision without a packet.
[[nodiscard]] Verdict verdict_by_facts(const policy::Policy& policy,
                                       const std::vector<event::FlowEvent>& events);
/// What is known of one flow and not of the other, of that which rules read; a line each.
[[nodiscard]] std::vector<std::string> facts_that_differ(const event::FlowEvent& recorded,
                                                         const event::FlowEvent& replayed);

}  // namespace weir::evidence
