// SPDX-License-Identifier: Apache-2.0
// What a canary of a rule has to say, from the rule's own match.
#pragma once

#include <string>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/prove/dialogue.h"

namespace weir::prove {

/// In which ways a flow may be what the rule asks for.
[[nodiscard]] std::vector<Way> ways(const policy::Rule& rule);
[[nodiscard]] std::vector<Talk> talks(const policy::PolicyParts& policy, const policy::Rule& rule, Way way);
/// A key of the rule that no canary can meet, in words; empty: there is none such.
[[nodiscard]] std::string why_not_provable(const policy::PolicyParts& policy, const policy::Rule& rule);

}  // namespace weir::prove
