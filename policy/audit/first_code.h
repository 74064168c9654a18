// SPDX-License-Identifier: Apache-2.0
// The one-time code with which the first account of the console is made: whoever reads it on the appliance's
// own screen may. The store keeps its hash.
#pragma once

#include <string>

#include "policy/model/error.h"
#include "policy/model/time.h"
#include "policy/store/store.h"

namespace weir::policy {

/// "k7qd-2m4x-9tpa-wz6h": 80 random bits; an earlier code is void. kBusy: there is an account already.
[[nodiscard]] Result<std::string> make_first_code(Store& store, TimeNs lasts, TimeNs now);
/// What the store has of it; blanks, hyphens and capital letters do not matter.
[[nodiscard]] std::string hash_of_code(const std::string& typed);

}  // namespace weir::policy
