// SPDX-License-Identifier: Apache-2.0
// What a client is told that is refused, in the words of its own protocol. Every one but the TLS alert, which
// has no room, carries the reference by which the flow is found (weirctl explain).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/model/byte_reader.h"
#include "policy/model/ip_address.h"

namespace weir::classifier {

inline constexpr std::size_t kNoticeBytesMax = 4'096;  // what one answer of the inspection channel carries

struct Notice {
  std::string_view object;     // what was asked for: a name or an address; may be hostile
  std::string_view tell_user;  // the rule's text for the user; may be empty
  std::string_view reference;  // the flow's id
  std::string_view go_on{};    // a page's: the target to which its button posts; empty: it has none
};

/// An HTTP/1.1 reply 403 with a page; without the page to HEAD. The connection is to close behind it.
[[nodiscard]] std::string http_notice(const Notice& notice, bool head);

/// An HTTP/1.1 reply 303 to `path` of the same host (RFC 9110 section 15.4.4). Likewise.
[[nodiscard]] std::string http_go_on(std::string_view path);

/// A fatal alert access_denied (RFC 8446 section 6.2) as a record of its own.
[[nodiscard]] std::string tls_notice();

/// One line `550 5.7.1 ...` (RFC 5321 section 4.2, RFC 3463), at most 512 bytes, of printable ASCII.
[[nodiscard]] std::string smtp_notice(const Notice& notice);

/// NXDOMAIN (RFC 1035 section 4.1) to the DNS query `query`, with its question; when the query carried EDNS
/// (RFC 6891), with the extended error 15, Blocked (RFC 8914). nullopt: the message is no query with exactly
/// one question, in the form that resolvers use.
[[nodiscard]] std::optional<std::string> dns_notice(Bytes query, const Notice& notice);

/// How long who asked may keep an answer that Weir gave.
inline constexpr std::uint32_t kAliasTtlS = 60;

/// NOERROR to such a query: its name is an alias of `name` (CNAME), which has `addresses` (those of the type
/// asked for; of ANY all). To HTTPS, SVCB and other types: no data. When the query carried EDNS, with the
/// extended error 4, Forged Answer (RFC 8914), and the reference where that fits what the client takes.
[[nodiscard]] std::optional<std::string> dns_alias(Bytes query, std::string_view name,
                                                   std::span<const IpAddress> addresses,
                                                   std::string_view reference);

}  // namespace weir::classifier
