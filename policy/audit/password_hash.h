// SPDX-License-Identifier: Apache-2.0
// Passwords of people: argon2id with three passes over 64 MiB (libsodium). One hash takes some hundred
// milliseconds and 64 MiB, so that at most kHashesAtOnce are computed at a time in one process; others wait.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr int kHashesAtOnce = 2;
inline constexpr std::size_t kPasswordBytesMin = 12;
inline constexpr std::size_t kPasswordBytesMax = 256;

/// With its salt and parameters, as text. kLimit: no memory for it.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
/// An empty or damaged hash fits no password, and takes as long to find out as another.
[[nodiscard]] bool fits_password(const std::string& hash, std::string_view password);

}  // namespace weir::policy
