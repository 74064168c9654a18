// SPDX-License-Identifier: Apache-2.0
// Words of a line in lists of domains. Internal to policy/categories.
#pragma once

#include <algorithm>
#include <string_view>

namespace weir::policy {

inline constexpr std::string_view kBlanks = " \t\r";

/// The next word of the line, which goes; empty: there is none.
[[nodiscard]] inline std::string_view next_word(std::string_view& line) {
  const std::size_t begin = std::min(line.find_first_not_of(kBlanks), line.size());
  const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

}  // namespace weir::policy
