// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/group_index.h"

#include <algorithm>
#include <set>

#include "policy/lang/policy.h"

namespace weir::policy {
namespace {

constexpr std::size_t kVlans = 4'096;

/// Of the groups whose subnets hold, the first.
struct FirstGroup {
  std::vector<std::uint16_t>& first;
  std::uint16_t none;
  std::multiset<std::uint32_t> hold{};

  void add(std::uint32_t group) { hold.insert(group); }
  void remove(std::uint32_t group) { hold.erase(hold.find(group)); }
  void next() { first.push_back(hold.empty() ? none : static_cast<std::uint16_t>(*hold.begin())); }
  void clear() { hold.clear(); }
};

}  // namespace

GroupIndex::GroupIndex(const std::vector<Group>& groups) : none_(static_cast<Number>(groups.size())) {
  AddressIntervals::Subnets subnets;
  for (Number group = 0; group < none_; ++group) {
    for (const Subnet& subnet : groups[group].subnets) subnets.add(subnet, group);
    for (const MacAddress& mac : groups[group].macs) of_macs_.emplace_back(mac, group);
    for (const std::uint16_t vlan : groups[group].vlans) {
      if (of_vlans_.empty()) of_vlans_.resize(kVlans, none_);
      of_vlans_.at(vlan) = std::min(of_vlans_.at(vlan), group);
    }
  }
  FirstGroup cover{of_addresses_, none_};
  addresses_ = AddressIntervals::cut(subnets, cover);
  std::sort(of_macs_.begin(), of_macs_.end());
}

std::size_t GroupIndex::find(const IpAddress& client, std::uint16_t vlan,
                             const MacAddress& mac) const noexcept {
  Number group = of_addresses_[addresses_.find(client)];
  if (vlan < of_vlans_.size()) group = std::min(group, of_vlans_[vlan]);
  if (of_macs_.empty()) return group;
  const auto at = std::lower_bound(of_macs_.begin(), of_macs_.end(), std::pair{mac, Number{0}});
  return at != of_macs_.end() && at->first == mac ? std::min(group, at->second) : group;
}

}  // namespace weir::policy
