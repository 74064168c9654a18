// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/client_group.h"

namespace weir::policy {

ClientGroup group_of(const PolicyParts& policy, const FlowFacts& facts) noexcept {
  ClientGroup first{policy.groups.size()};
  if (const ClientFacts* const client = facts.client_identity.get(); client != nullptr) {
    const auto earlier = [&](std::size_t group, ClientGroup::By by) {
      if (group < first.index) first = {group, by};
    };
    earlier(
        policy.client_names.first_group(client->host_name, static_cast<unsigned>(client->host_name_source)),
        ClientGroup::By::kName);
    earlier(policy.users.first_group(client->user, static_cast<unsigned>(client->user_source)),
            ClientGroup::By::kUser);
  }
  const std::size_t by_place = policy.group_index.first(facts);
  return by_place < first.index ? ClientGroup{by_place, ClientGroup::By::kPlace} : first;
}

}  // namespace weir::policy
