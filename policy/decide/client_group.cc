// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/client_group.h"

#include <algorithm>

namespace weir::policy {
namespace {

bool holds_place(const Group& group, const FlowFacts& facts) noexcept {
  const IpAddress& client = facts.client();
  return std::any_of(group.subnets.begin(), group.subnets.end(),
                     [&](const Subnet& s) { return s.contains(client); }) ||
         std::find(group.vlans.begin(), group.vlans.end(), facts.vlan) != group.vlans.end() ||
         std::find(group.macs.begin(), group.macs.end(), facts.client_mac) != group.macs.end();
}

}  // namespace

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
  for (std::size_t i = 0; i < first.index; ++i)
    if (holds_place(policy.groups[i], facts)) return {i, ClientGroup::By::kPlace};
  return first;
}

}  // namespace weir::policy
