// SPDX-License-Identifier: Apache-2.0
// Which sets of domains (categories, lists, a rule's own names) a host name belongs to. One hash probe a
// label of the name, no allocation in a lookup. Built once by the policy compiler, read by many threads
// afterwards. The imported categories that the policy uses are looked up with it, where they lie.
//
// A pattern is `x.example` (the name itself and everything below it) or `*.x.example` (only what is below
// it).
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/categories/category_file.h"
#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kDomainSetsMax = 1'024;

/// Names one set of domains within a table.
enum class DomainSet : std::uint16_t {};
[[nodiscard]] constexpr std::size_t index_of(DomainSet set) { return static_cast<std::size_t>(set); }

/// The sets that a name belongs to.
using DomainMatches = std::bitset<kDomainSetsMax>;

struct DomainLimits {
  std::size_t domains_max = 4'000'000;  // patterns of one table, all sets together
  std::size_t sets_max = kDomainSetsMax;
};

class DomainTable {
 public:
  DomainTable() : DomainTable(DomainLimits{}) {}
  explicit DomainTable(DomainLimits limits);

  /// kLimit when the table has its most sets.
  [[nodiscard]] Result<DomainSet> add_set();
  /// kInvalid: not a domain (the advice says why); kLimit: the table has its most domains. Adding twice is
  /// harmless.
  [[nodiscard]] Result<void> add(DomainSet set, std::string_view pattern);

  /// Makes `set` hold what the file's lists of `category` hold. False: it has none. One file a table.
  [[nodiscard]] bool import(const CategoryFile& file, std::string_view category, DomainSet set);

  /// Sets every bit whose set holds `name`, which must be canonical; leaves the others as they are.
  void lookup(std::string_view name, DomainMatches& matches) const noexcept;

  /// Patterns that were added, and the entries of the imported file.
  [[nodiscard]] std::size_t domains() const {
    return memberships_.size() + (imported_ ? imported_->domains() : 0);
  }
  /// visit(name) for every name that was added.
  template <typename Visit>
  void for_each(Visit&& visit) const {
    for (const Slot& slot : slots_) {
      if (slot.first_membership != kNone)
        visit(std::string_view(names_).substr(slot.name_offset, slot.name_bytes));
    }
  }
  [[nodiscard]] std::size_t sets() const { return sets_; }
  /// At most `most` names that some pattern of the set holds. An override of an imported file may except one.
  [[nodiscard]] std::vector<std::string> examples(DomainSet set, std::size_t most) const;

 private:
  static constexpr std::uint32_t kNone = 0xffff'ffff;

  /// One distinct name of the table; its bytes are in `names_`.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t name_offset = 0;
    std::uint32_t first_membership = kNone;  // kNone: the slot is free
    std::uint8_t name_bytes = 0;
  };
  struct Membership {
    std::uint32_t next = kNone;
    DomainSet set{};
    bool below_only = false;
  };

  /// The slot that holds `name`, or the free one where it would be put.
  [[nodiscard]] std::size_t probe(std::string_view name, std::uint32_t hash) const noexcept;
  void grow();
  void lookup_imported(std::string_view name, DomainMatches& matches) const noexcept;
  /// Whether entries of that set of the imported file are in `set`: nothing, the name itself or what is
  /// below.
  [[nodiscard]] std::optional<CategoryMember> member_of(DomainSet set, std::uint16_t file_set) const;

  DomainLimits limits_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Membership> memberships_;
  std::string names_;
  std::size_t used_ = 0;
  std::size_t sets_ = 0;

  std::optional<CategoryFile> imported_;
  std::vector<std::optional<DomainSet>> set_of_list_;  // by the number of a list in the file
  DomainMatches imported_sets_;
};

}  // namespace weir::policy
