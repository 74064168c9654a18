// SPDX-License-Identifier: Apache-2.0
// What a port pair does with frames that carry no IP: pass or drop by ethertype, `ethertypes` in the
// settings. Frames that carry IP (behind tags, MPLS, PPPoE or LLC/SNAP too) are the policy's and never come
// here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/document.h"
#include "policy/model/error.h"

namespace weir {

/// What is no ethertype has a number below them (IEEE 802.3: 0x0600 and up are ethertypes).
inline constexpr std::uint16_t kEthertypeLlc =
    0x0001;  // a length and an LLC header, unless it is the next one
inline constexpr std::uint16_t kEthertypeStp = 0x0042;  // LLC to spanning tree's address (IEEE 802.1D)

inline constexpr std::size_t kEthertypeRowsMax = 15;  // written for one pair; each has its own counters

struct EthertypeRow {
  std::string name;  // as written
  std::uint16_t type = 0;
  bool drop = false;
};
struct EthertypeTable {
  std::vector<EthertypeRow> rows;
  bool drop_other = false;  // default: drop
};

/// `{default: pass, lldp: drop, 0x88cc: drop}`: names or numbers.
[[nodiscard]] EthertypeTable read_ethertypes(const Node& map, Mistakes& mistakes);

struct EthertypeName {
  std::string_view name;
  std::uint16_t type;
  std::string_view help;
};
[[nodiscard]] std::span<const EthertypeName> ethertype_names();

}  // namespace weir
