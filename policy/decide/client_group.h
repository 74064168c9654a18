// SPDX-License-Identifier: Apache-2.0
// Which group of the policy a flow's client is in: the first that holds it, by its place (address, VLAN,
// card), by the host name that it gives itself, or by its user. Pure, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/lang/policy.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

struct ClientGroup {
  enum class By : std::uint8_t { kPlace, kName, kUser };
  std::size_t index = 0;  // how many groups there are: none
  By by = By::kPlace;
};
[[nodiscard]] ClientGroup group_of(const PolicyParts& policy, const FlowFacts& facts) noexcept;
/// Empty: it is in none. Of the policy.
[[nodiscard]] inline std::string_view group_name(const PolicyParts& policy, const FlowFacts& facts) noexcept {
  const std::size_t group = group_of(policy, facts).index;
  return group < policy.groups.size() ? std::string_view(policy.groups[group].name) : std::string_view{};
}

}  // namespace weir::policy
