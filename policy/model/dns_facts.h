// SPDX-License-Identifier: Apache-2.0
// What a DNS message showed. Part of FlowFacts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/ip_address.h"

namespace weir {

struct DnsFacts {
  bool seen = false;
  std::string query{};  // canonical
  std::uint16_t query_type = 0;
  bool response = false;
  std::uint8_t rcode = 0;
  std::vector<IpAddress> answers{};
};

}  // namespace weir
