// SPDX-License-Identifier: Apache-2.0
// The one canonical form of a host name, used by every parser and by the policy compiler: lower case,
// IDNA2008 A-labels, no trailing dot, no port, no brackets. A name that cannot be a host name gives nullopt:
// NUL, space, control bytes, an empty label, a label over 63 or a name over 253 bytes (RFC 1035
// section 2.3.4). Underscores are accepted.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace weir::policy {

inline constexpr std::size_t kDomainLabelBytesMax = 63;
inline constexpr std::size_t kDomainBytesMax = 253;
inline constexpr std::size_t kNamesBytesMax =
    0xffff'0000;  // of all names together: what a 32-bit offset reaches

/// `label_bytes_max`: what compares names as text, as servers of TLS and HTTP do, takes longer labels than
/// DNS.
[[nodiscard]] std::optional<std::string> canonical_name(std::string_view raw,
                                                        std::size_t label_bytes_max = kDomainLabelBytesMax);

}  // namespace weir::policy
