// SPDX-License-Identifier: Apache-2.0
// The software inventory page by page.
#pragma once

#include <string>
#include <vector>

#include "policy/store/store.h"

namespace weir::policy {

/// What the inventory is ordered by.
struct SoftwareKey {
  std::string client{};
  std::string product{};
  std::string version{};
};

/// At most `count` rows behind `after` (empty: from the first on), of this client (empty: of all).
[[nodiscard]] Result<std::vector<Software>> software_page(Store& store, const std::string& client,
                                                          const SoftwareKey& after, std::uint32_t count);

}  // namespace weir::policy
