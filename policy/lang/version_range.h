// SPDX-License-Identifier: Apache-2.0
// Which versions of a product are meant: ">=115", ">=1.2 <2", "3.4" (3.4, 3.4.anything and 3.4p1).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::policy {

inline constexpr std::size_t kVersionConditionsMax = 4;

/// Numbers first, as numbers, up to the first word; then the word; then the numbers behind it, and so on.
/// Zeros at the end of numbers say nothing ("1.0" is "1"). A word for what comes before a release (dev,
/// alpha, beta, pre, rc; a, b or c with a number behind it) or a "~" is less than no word, any other
/// more: 1.0-rc1 < 1.0 < 1.0p1 < 1.0.1. Letter case, a "v" or an epoch ("1:") before it make no difference;
/// all else separates.
[[nodiscard]] std::strong_ordering compare_versions(std::string_view a, std::string_view b) noexcept;

class VersionRange {
 public:
  /// nullopt when `text` is not conditions separated by blanks or commas.
  [[nodiscard]] static std::optional<VersionRange> parse(std::string_view text);
  /// A default-made range holds every version.
  [[nodiscard]] bool contains(std::string_view version) const noexcept;
  [[nodiscard]] bool everything() const { return conditions_.empty(); }

 private:
  enum class Relation : std::uint8_t { kPrefix, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  struct Condition {
    Relation relation{};
    std::string version;
  };
  [[nodiscard]] static bool holds(const Condition& condition, std::string_view version) noexcept;
  std::vector<Condition> conditions_;
};

}  // namespace weir::policy
