// SPDX-License-Identifier: Apache-2.0
// The system calls that the classifier needs after its start; everything else kills the process.
#pragma once

#include "policy/model/error.h"

namespace weir::classifier {

/// For all threads of the process. kSystem when the kernel refuses.
[[nodiscard]] Result<void> load_seccomp_filter();

}  // namespace weir::classifier
