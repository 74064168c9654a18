// SPDX-License-Identifier: Apache-2.0
// Small files that only their owner may read: keys, and what a chain is anchored by. Replaced whole.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kPrivateFileBytesMax = 1U << 20U;

/// kNotFound: there is none; kSystem: no access; kCorrupt: others may read or write it; kLimit.
[[nodiscard]] Result<std::string> read_private(const std::string& path);
/// Mode 0600, in a folder of mode 0700 that is made where it is missing and whose owner gets the file. Both
/// are on the disk when this returns. kSystem.
[[nodiscard]] Result<void> write_private(const std::string& path, std::string_view bytes);
/// The same, unless there is such a file: then that one stays. True: it was made.
[[nodiscard]] Result<bool> make_private(const std::string& path, std::string_view bytes);

}  // namespace weir::policy
