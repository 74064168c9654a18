// SPDX-License-Identifier: Apache-2.0
// What hostile bytes may look like in an event, a file or on a screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir::classifier {

inline constexpr std::size_t kEventTextBytesMax = 1'024;  // of one string in an event

/// Valid UTF-8 without control characters, at most kEventTextBytesMax bytes; what is neither becomes '?'.
[[nodiscard]] std::string clean_text(std::string_view raw);

}  // namespace weir::classifier
