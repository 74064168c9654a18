// SPDX-License-Identifier: Apache-2.0
// The path of a request target as servers resolve it, so that a rule need not know the ways to spell it.
#pragma once

#include <string>
#include <string_view>

namespace weir::classifier {

/// The path of `target` (origin form, without scheme and authority): query and fragment cut off, %XX of
/// printable ASCII decoded once (also "%2F", as nginx does; other bytes keep their escape, in capitals), '\'
/// as '/', repeated slashes joined, "." and ".." resolved (RFC 3986 sections 6.2.2 and 5.2.4). Never longer
/// than `target` and one byte; empty for an empty target; "*" stays.
[[nodiscard]] std::string normal_path(std::string_view target);

/// Decodes %XX; an incomplete escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace weir::classifier
