// SPDX-License-Identifier: Apache-2.0
// The host of an authority ("name", "name:port", "[v6]:port", "user@name") in its canonical form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::classifier {

/// Empty text gives an empty name. What cannot be a host gives nullopt. Addresses keep their usual text.
[[nodiscard]] std::optional<std::string> canonical_host(std::string_view authority);

}  // namespace weir::classifier
