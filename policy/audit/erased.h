// SPDX-License-Identifier: Apache-2.0
// Whose data was erased, by their pseudonyms, in a file beside the keys and so in no backup of the store:
// what a restored backup brings back of them is erased again.
#pragma once

#include <string>
#include <vector>

#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::policy {

inline constexpr std::size_t kErasedMax = 50'000;

/// kLimit: kErasedMax are remembered.
[[nodiscard]] Result<void> remember_erased(const Settings& settings, const std::string& pseudonym);
[[nodiscard]] Result<std::vector<std::string>> erased_pseudonyms(const Settings& settings);

}  // namespace weir::policy
