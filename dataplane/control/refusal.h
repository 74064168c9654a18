// SPDX-License-Identifier: Apache-2.0
// The control socket's answer to what it does not do.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace weir::dataplane {

[[nodiscard]] inline nlohmann::json refusal_of(const std::string& why) {
  return {{"ok", false}, {"error", why}};
}

}  // namespace weir::dataplane
