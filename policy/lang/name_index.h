// SPDX-License-Identifier: Apache-2.0
// Which group a client's host name or user leads to. A pattern without a separator (the dot of a host name,
// the @ or \ before or behind a user's realm) is compared with the name without its domain or realm, one with
// a separator with the whole name; letters in any case. Names without `*`, however many, cost one search.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace weir::policy {

/// "pc7.lab.example" is pc7, "anna@EXAMPLE.COM" and "EXAMPLE\anna" are anna.
[[nodiscard]] std::string_view host_label(std::string_view host_name);
[[nodiscard]] std::string_view user_part(std::string_view user);

class NameIndex {
 public:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  using Part = std::string_view (*)(std::string_view);

  /// `part`: of a name, what patterns without a separator are compared with.
  explicit NameIndex(Part part) : part_(part) {}

  /// Of one group after the other, in their order. `sources`: bit n, a name of source n counts.
  void add(std::string_view pattern, std::uint16_t group, std::uint8_t sources);
  /// After the last one, before the first look.
  void finish();

  [[nodiscard]] bool empty() const { return exact_.empty() && patterns_.empty(); }
  /// The first group with a pattern for this name, or kNone. Of a name of more than kPatternBytesMax: kNone.
  [[nodiscard]] std::size_t first_group(std::string_view name, unsigned source) const noexcept;

 private:
  struct Entry {
    std::string text;  // lower case
    std::uint16_t group = 0;
    std::uint8_t sources = 0;
    bool whole = false;  // has a separator
  };
  [[nodiscard]] std::size_t exact(std::string_view name, unsigned source) const noexcept;

  Part part_;
  std::vector<Entry> exact_;     // sorted
  std::vector<Entry> patterns_;  // with `*`, by group
};

/// A pattern says no more than another one: each name that is like it is like that. False: it may be so.
[[nodiscard]] bool pattern_within(std::string_view one, std::string_view other, NameIndex::Part part);

}  // namespace weir::policy
