// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "policy/model/error.h"

namespace weir::notify {

/// Becomes `user` for good, when started as root; else nothing. kInvalid: there is no such user.
[[nodiscard]] Result<void> become(const std::string& user);

}  // namespace weir::notify
