// SPDX-License-Identifier: Apache-2.0
// A secret that stands in a file of its own.
#pragma once

#include <cstddef>
#include <string>

#include "policy/model/error.h"

namespace weir {

inline constexpr std::size_t kPasswordBytesMax = 1'024;

/// The first line of a file that its owner alone may read: root, or who asks. An empty one is refused: to
/// many servers it means nobody in particular (RFC 4513 section 5.1.2).
[[nodiscard]] Result<std::string> read_password(const std::string& path);

}  // namespace weir
