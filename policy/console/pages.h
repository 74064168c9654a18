// SPDX-License-Identifier: Apache-2.0
// The web pages: files of one folder. A path that is no file is a page of the application (index.html), which
// looks at the path itself.
#pragma once

#include <string>
#include <string_view>

#include "policy/console/message.h"

namespace weir::console {

inline constexpr std::size_t kPageBytesMax = 8U << 20U;

/// For GET. `path` as sent; a file `x.gz` beside `x` is sent instead where `takes_gzip`. What begins with
/// /assets/ carries a hash in its name and may be kept for ever.
[[nodiscard]] Response page(const std::string& folder, std::string_view path, bool takes_gzip);

}  // namespace weir::console
