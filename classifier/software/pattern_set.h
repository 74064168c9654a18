// SPDX-License-Identifier: Apache-2.0
// Many patterns of the software catalogue looked for in one pass over a text, by Vectorscan. It says which
// patterns match, not where the version is: policy::match_pattern finds that in the few that do.
//
// Threads: one at a time; it holds Vectorscan's scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::classifier {

inline constexpr std::size_t kPatternSetBytesMax = 1U << 20U;  // of all patterns of one set
inline constexpr std::size_t kPatternTextBytesMax = 8'192;     // of a text; the rest is not looked at

enum class PatternForm : std::uint8_t {
  kWholeText,    // as in policy::match_pattern: the whole text, in any case
  kHeadOfBytes,  // its beginning, exactly; \xNN is a byte
};

class PatternSet {
 public:
  PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;
  ~PatternSet();

  /// They are counted from 0. kInvalid: one is refused or all are too long; kSystem: no memory, or a
  /// processor without SSSE3.
  [[nodiscard]] static Result<PatternSet> compile(std::span<const std::string_view> patterns,
                                                  PatternForm form = PatternForm::kWholeText);
  /// The numbers of those that match the text, each once, in no order.
  void matches(std::string_view text, std::vector<std::uint32_t>& numbers) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;  // empty: no patterns
};

}  // namespace weir::classifier
