// SPDX-License-Identifier: Apache-2.0
// First messages of protocols, as short as their readers take them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::prove {

/// A ClientHello in one record (RFC 8446 section 4.1.2; RFC 5246). `version`: the highest that is offered,
/// 0x0301 to 0x0304. An empty name: no server_name.
[[nodiscard]] std::string tls_hello(std::string_view name, std::uint16_t version,
                                    const std::vector<std::string>& alpn);
/// A question for the address of a name (RFC 1035 section 4).
[[nodiscard]] std::string dns_question(std::string_view name, bool ipv6);
/// RFC 2045 section 6.8, in lines of 76.
[[nodiscard]] std::string base64(std::string_view bytes);
/// A ZIP archive's first member, encrypted (APPNOTE 4.4.4, bit 0).
[[nodiscard]] std::string encrypted_archive();

}  // namespace weir::prove
