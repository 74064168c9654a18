// SPDX-License-Identifier: Apache-2.0
// The two steps that whoever writes a file that has to last needs beside fsync(2).
#pragma once

#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir {

/// All of it, whatever interrupts. False: errno says why not; some may be written.
[[nodiscard]] bool write_all(int descriptor, std::string_view bytes);
/// What was made, renamed or removed in the folder outlives a power cut. kSystem: no access, or the disk
/// refuses.
[[nodiscard]] Result<void> sync_folder(const std::string& folder);

}  // namespace weir
