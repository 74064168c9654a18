// SPDX-License-Identifier: Apache-2.0
// The file system as this process sees it from now on: places that may be read, folders in which files may
// also be made, written and removed, nothing else.
#pragma once

#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::classifier {

/// For this thread and those it starts later; needs no_new_privs. Returns the kernel's ABI version, 0 when it
/// has no Landlock. Paths that do not exist are left out.
[[nodiscard]] Result<int> restrict_file_system(const std::vector<std::string>& readable,
                                               const std::vector<std::string>& writable);

}  // namespace weir::classifier
