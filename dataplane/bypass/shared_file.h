// SPDX-License-Identifier: Apache-2.0
// Files that the data plane and weirctl both write, each under its own user: they belong to the group of
// their directory, whoever made them and whatever his umask is.
#pragma once

#include <string>

namespace weir::dataplane {

/// open(2) of a file that is made when it is missing; never through a symbolic link. -1 and errno on failure.
[[nodiscard]] int open_shared(const std::string& path, int flags);

}  // namespace weir::dataplane
