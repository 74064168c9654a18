// SPDX-License-Identifier: Apache-2.0
// The address in MAIL FROM and RCPT TO, read as mail servers do (RFC 5321 section 4.1.2 and what they
// tolerate beyond it): blanks around the colon, no angle brackets, source routes, quoted local parts,
// comments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::classifier {

/// Of an address as it is kept: local part and domain.
inline constexpr std::size_t kMailAddressBytesMax = 512;

/// `arguments` is what follows the verb, `keyword` is FROM or TO. "" is the null path. The domain is
/// canonical where it is a name, lower case otherwise; the local part stays as written.
[[nodiscard]] std::optional<std::string> parse_mail_path(std::string_view arguments,
                                                         std::string_view keyword);

/// Ways in which one address is read further by relays.
inline constexpr std::size_t kRelayedReadingsMax = 4;

/// Addresses that a relay may take the local part of `address` for: "u%blocked@relay", "blocked!u@relay",
/// "\"u@blocked\"@relay". Usually none.
[[nodiscard]] std::vector<std::string> relayed_readings(std::string_view address);

}  // namespace weir::classifier
