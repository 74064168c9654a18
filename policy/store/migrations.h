// SPDX-License-Identifier: Apache-2.0
// The schema, version by version.
#pragma once

#include <string_view>
#include <vector>

namespace weir::policy {

struct Migration {
  int version = 0;  // counts from 1
  std::vector<std::string_view> statements;
};

/// In order. A version that was released is never edited.
[[nodiscard]] const std::vector<Migration>& migrations();
[[nodiscard]] int newest_schema_version();

}  // namespace weir::policy
