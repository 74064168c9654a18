// SPDX-License-Identifier: Apache-2.0
// The one canonical form of a host name, used by every parser and by the policy compiler: lower case,
// IDNA2008 A-labels, no trailing dot, no port, no brackets. A name that cannot be a host name gives nullopt:
// NUL, space, control bytes, an empty label, a label over 63 or a name over 253 bytes (RFC 1035
// section 2.3.4). Underscores are accepted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::policy {

[[nodiscard]] std::optional<std::string> canonical_name(std::string_view raw);

}  // namespace weir::policy
