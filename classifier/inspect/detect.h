// SPDX-License-Identifier: Apache-2.0
// Which protocol the first bytes of one direction speak. By content; a port only adds the permission to look
// for DNS and Kerberos, whose messages have no mark of their own.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

enum class Guess : std::uint8_t {
  kUndecided,      // too few bytes
  kNone,           // none of the protocols below
  kTls,            // a ClientHello in TLS records
  kSsl2Hello,      // an SSL 2.0 style ClientHello offering TLS
  kHttp,           // an HTTP request line
  kSmtpClient,     // a command that only SMTP or LMTP has
  kSmtpAmbiguous,  // a command that SMTP shares with FTP or POP3
  kMailGreeting,   // 220: SMTP or FTP
  kImapGreeting,
  kPop3Greeting,
  kDns,            // a length-prefixed DNS message
  kSsh,            // an identification string
  kKerberos,       // a length-prefixed Kerberos message
  kHttp2,          // the preface of an HTTP/2 client
  kSocks4,         // a request of SOCKS 4 or 4A
  kSocks5,         // the methods that a SOCKS 5 client offers
  kProxyHeader1,   // a PROXY header as a line
  kProxyHeader2,   // and as binary
  kLdap,           // a request of LDAP
  kXmpp,           // an XML declaration or an XMPP stream
  kPostgres,       // a request for encryption
  kMysqlGreeting,  // of protocol version 10
};

/// For protocols whose messages have no mark of their own: what the flow's ports permit to look for.
enum class PortHint : std::uint8_t { kNone, kDns, kKerberos };

/// Servers pass these over in front of a first line.
inline constexpr std::string_view kBlanksAndLineEnds = " \t\r\n";

/// `opens`: a client may begin here. Nothing was passed over before; what is binary has no line ends to begin
/// behind.
[[nodiscard]] Guess guess_protocol(Bytes first, PortHint hint, bool opens = true);
/// The bytes begin with a method that HTTP servers know, and a blank.
[[nodiscard]] bool begins_like_http(Bytes first);

}  // namespace weir::classifier
