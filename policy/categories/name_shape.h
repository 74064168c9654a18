// SPDX-License-Identifier: Apache-2.0
// What a host name looks like, without knowing it: how much it may carry, and whether a machine made it up.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir::policy {

/// Shannon's entropy of the characters, in hundredths of a bit a character: at most log2 of their number.
[[nodiscard]] std::int64_t entropy_hundredths(std::string_view text);

inline constexpr std::size_t kCarryingBytes = 20;
inline constexpr std::size_t kCarryingLabel = 40;

/// What stands in a name below what was registered.
struct NameLoad {
  bool carrying = false;     // kCarryingBytes or more, or a label of kCarryingLabel
  std::int64_t entropy = 0;  // hundredths of a bit a character
  std::int64_t bytes = 0;    // without dots
  std::int64_t longest = 0;  // label
};
/// `registered` ends `name`, or is empty.
[[nodiscard]] NameLoad load_of(std::string_view name, std::string_view registered);

inline constexpr std::size_t kGeneratedBytesMin = 7;

/// Of a label: few of its pairs of letters are such as words have, or digits stand among its letters as they
/// do in numbers of base 16 or 36. Shorter ones than kGeneratedBytesMin never do. Names of words that a
/// machine put together do not show.
[[nodiscard]] bool looks_generated(std::string_view label);

}  // namespace weir::policy
