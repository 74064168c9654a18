// SPDX-License-Identifier: Apache-2.0
// Replaces a file that the daemons read: written beside, synced, renamed, so that a reader sees the old or
// the new one whole, also after a power cut.
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::ctl {

/// Readable by the folder's group, which is the daemons'; the folder says who may look inside. kSystem.
[[nodiscard]] Result<void> replace_file(const std::string& path, std::string_view bytes);

}  // namespace weir::ctl
