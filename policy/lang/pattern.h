// SPDX-License-Identifier: Apache-2.0
// Patterns of rules: `*` stands for any bytes, everything else for itself, letters in any case.
#pragma once

#include <cstddef>
#include <string_view>

#include "policy/lang/words.h"

namespace weir::policy {

inline constexpr std::size_t kPatternBytesMax = 256;

/// Whether the whole text is what the pattern says. In time of |pattern| * |text| at most.
[[nodiscard]] inline bool is_like(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one met
  std::size_t from = 0;                       // of the text, what stands behind that star
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && lower(pattern[p]) == lower(text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace weir::policy
