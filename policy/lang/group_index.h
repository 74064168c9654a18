// SPDX-License-Identifier: Apache-2.0
// Which group a client is of: the first that holds its address, its VLAN or its hardware address.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "policy/lang/intervals.h"
#include "policy/model/ip_address.h"

namespace weir::policy {

struct Group;

class GroupIndex {
 public:
  explicit GroupIndex(const std::vector<Group>& groups);
  /// The group's number, or how many there are.
  [[nodiscard]] std::size_t find(const IpAddress& client, std::uint16_t vlan,
                                 const MacAddress& mac) const noexcept;

 private:
  using Number = std::uint16_t;

  Number none_;
  AddressIntervals addresses_;
  std::vector<Number> of_addresses_;                    // of each interval
  std::vector<Number> of_vlans_;                        // by the VLAN's id; empty: no group has one
  std::vector<std::pair<MacAddress, Number>> of_macs_;  // sorted
};

}  // namespace weir::policy
