// SPDX-License-Identifier: Apache-2.0
// Sums by name, as many names as kNamesMax, and the first rows of a table out of them.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "policy/report/collect.h"
#include "policy/store/records.h"

namespace weir::report {

template <typename Sum>
class Tally {
 public:
  Sum& at(const std::string& name) {
    const auto found = sums_.find(name);
    if (found != sums_.end()) return found->second;
    return sums_[sums_.size() < kNamesMax ? name : policy::kOtherObjects];
  }
  [[nodiscard]] std::size_t size() const { return sums_.size(); }
  [[nodiscard]] const std::map<std::string, Sum>& all() const { return sums_; }

  /// By `weight`, the greatest first, then by name; those without weight are left out.
  template <typename Weight>
  [[nodiscard]] std::vector<const std::pair<const std::string, Sum>*> sorted(Weight weight) const {
    std::vector<const std::pair<const std::string, Sum>*> rows;
    for (const auto& one : sums_)
      if (weight(one.second) > 0) rows.push_back(&one);
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const auto* a, const auto* b) { return weight(a->second) > weight(b->second); });
    return rows;
  }

 private:
  std::map<std::string, Sum> sums_;
};

/// Appends a row a name, kTableRowsMax at most; the others are counted.
template <typename Rows, typename Make>
void put_rows(Table& table, const Rows& rows, Make make) {
  for (const auto& row : rows) {
    if (table.rows.size() < kTableRowsMax) {
      table.rows.push_back(make(*row));
    } else {
      ++table.left_out;
    }
  }
}

}  // namespace weir::report
