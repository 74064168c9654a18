// SPDX-License-Identifier: Apache-2.0
// What HTTP shows in clear text, of the request judged last. Part of FlowFacts.
#pragma once

#include <cstdint>
#include <string>

namespace weir {

struct HttpFacts {
  bool seen = false;
  std::string method{};
  std::string host{};  // canonical, without port
  std::string path{};  // as sent, at most kUrlPathBytesMax
  std::string user_agent{};
  std::uint32_t requests = 0;  // judged on this connection so far
};

}  // namespace weir
