// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/policy.h"

namespace weir::policy {

Policy::Policy(PolicyParts parts) : parts_(std::move(parts)), groups_(parts_.groups) {
  for (std::size_t section = 0; section < 3; ++section) indexes_[section] = RuleIndex(parts_.rules[section]);
}

}  // namespace weir::policy
