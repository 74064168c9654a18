// SPDX-License-Identifier: Apache-2.0
// What a test looks for in a store: its violations, the one that was seen last first.
#pragma once

#include <vector>

#include "policy/store/store.h"
#include "policy/store/violation_store.h"

namespace weir::test {

/// At most `count`, with their evidence. `open_only` leaves out closed ones.
[[nodiscard]] inline Result<std::vector<policy::Violation>> violations(policy::Store& store, bool open_only,
                                                                       std::uint32_t count) {
  policy::ViolationFilter filter;
  if (!open_only) filter.states = {"new", "in_review", "confirmed", "justified", "false_positive", "closed"};
  auto page = policy::violation_page(store, filter, "", count);
  if (!page) return tl::unexpected(page.error());
  return std::move(page->rows);
}
[[nodiscard]] inline Result<std::vector<policy::Violation>> violations(policy::Store&& store, bool open_only,
                                                                       std::uint32_t count) {
  return violations(store, open_only, count);
}

}  // namespace weir::test
