// SPDX-License-Identifier: Apache-2.0
// Which group names a client, without a walk through all of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "policy/lang/prefix.h"
#include "policy/model/flow_facts.h"

namespace weir::policy {

class GroupIndex {
 public:
  /// `groups`: of policy.h, in their order.
  template <typename Groups>
  explicit GroupIndex(const Groups& groups) : groups_(static_cast<std::uint16_t>(groups.size())) {
    for (std::uint16_t number = 0; number < groups_;
         ++number) {  // what is there already belongs to an earlier one
      for (const Subnet& subnet : groups[number].subnets) {
        lengths_.add(subnet);
        subnets_.try_add(Prefix::of(subnet), number);
      }
      for (const std::uint16_t vlan : groups[number].vlans) vlans_.try_emplace(vlan, number);
      for (const MacAddress& mac : groups[number].macs) macs_.try_emplace(number_of(mac), number);
    }
  }
  GroupIndex() = default;

  /// Number of the first group that holds the client; how many there are: none does.
  [[nodiscard]] std::size_t first(const FlowFacts& facts) const {
    std::uint16_t number = groups_;
    const auto look = [&](const auto& map, const auto& key) {
      if (const auto at = map.find(key); at != map.end()) number = std::min(number, at->second);
    };
    for (const std::uint8_t bits : lengths_.of(facts.client()))
      if (const auto* const found = subnets_.find(Prefix::of(facts.client(), bits)))
        number = std::min(number, *found);
    if (!vlans_.empty()) look(vlans_, facts.vlan);
    if (!macs_.empty()) look(macs_, number_of(facts.client_mac));
    return number;
  }

 private:
  static std::uint64_t number_of(const MacAddress& mac) {
    std::uint64_t number = 0;
    for (const std::uint8_t byte : mac.bytes) number = number << 8U | byte;
    return number;
  }

  std::uint16_t groups_ = 0;
  PrefixLengths lengths_;
  PrefixTable subnets_;
  std::unordered_map<std::uint16_t, std::uint16_t> vlans_;
  std::unordered_map<std::uint64_t, std::uint16_t> macs_;
};

}  // namespace weir::policy
