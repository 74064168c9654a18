// SPDX-License-Identifier: Apache-2.0
// Reads a text file that a person or a package wrote: whole, with a size limit, with the reason when it
// cannot.
#pragma once

#include <cstddef>
#include <string>

#include "policy/model/error.h"

namespace weir {

/// kNotFound: no such file; kSystem: not readable or not a regular file; kLimit: more than `bytes_max` bytes.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max);

}  // namespace weir
