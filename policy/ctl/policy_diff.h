// SPDX-License-Identifier: Apache-2.0
// What differs between two policies, by what they say and not by how it is written: keys, named entries,
// rules.
#pragma once

#include <string>
#include <vector>

#include "policy/model/document.h"

namespace weir::ctl {

struct PolicyChange {
  enum class Kind : std::uint8_t { kAdded, kRemoved, kChanged, kMoved };
  Kind kind = Kind::kAdded;
  std::string where;  // "web", "groups", "software.authorised"
  std::string name;   // of the rule, group, product ...; empty: `where` itself
  std::string what;   // "then: report -> block", or the whole of what was added or removed
};
[[nodiscard]] const char* to_string(PolicyChange::Kind kind);

/// Of two texts that compile, in the order of `to`; what was removed comes after what is there.
[[nodiscard]] std::vector<PolicyChange> policy_diff(const Node& from, const Node& to);

}  // namespace weir::ctl
