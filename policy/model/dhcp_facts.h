// SPDX-License-Identifier: Apache-2.0
// What a DHCP client says of itself (RFC 2131, 2132). Part of FlowFacts.
#pragma once

#include <string>

namespace weir {

struct DhcpFacts {
  bool seen = false;
  std::string fingerprint{};   // options it asks for (option 55), e.g. "1,3,6,15"
  std::string host_name{};     // option 12, or the first label of option 81
  std::string vendor_class{};  // option 60, e.g. "MSFT 5.0"
};

}  // namespace weir
