// SPDX-License-Identifier: Apache-2.0
// Time-based one-time passwords (RFC 6238 with SHA-1, 30 s, 6 digits: what authenticator programs know).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/model/time.h"

namespace weir::console {

inline constexpr TimeNs kTotpStep = 30 * kSecond;
inline constexpr std::size_t kTotpKeyBytes = 20;
inline constexpr std::int64_t kTotpSlack = 1;  // steps that a clock may be early or late

/// `digits` 6 to 8, with leading zeros.
[[nodiscard]] std::string totp_code(std::string_view key, std::int64_t step, int digits = 6);
/// The step whose code this is, later than `after`: what was taken once is not taken again. nullopt: none.
[[nodiscard]] std::optional<std::int64_t> totp_step(std::string_view key, std::string_view code,
                                                    std::int64_t after, TimeNs now);
/// RFC 4648, without padding.
[[nodiscard]] std::string base32(std::string_view bytes);
/// As authenticator programs read it from a QR code; `account` is [a-z0-9._-].
[[nodiscard]] std::string totp_uri(std::string_view appliance, std::string_view account,
                                   std::string_view key);

}  // namespace weir::console
