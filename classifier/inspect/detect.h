// SPDX-License-Identifier: Apache-2.0
// Which protocol the first bytes of one direction speak. By content; a port only adds the permission to look
// for DNS and Kerberos, whose messages have no mark of their own.
#pragma once

#include <cstdint>

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
  kLdap,           // a request of LDAP
  kXmpp,           // an XML declaration or an XMPP stream
  kPostgres,       // a request for encryption
  kMysqlGreeting,  // of protocol version 10
};

/// For protocols whose messages have no mark of their own: what the flow's ports permit to look for.
enum class PortHint : std::uint8_t { kNone, kDns, kKerberos };

[[nodiscard]] Guess guess_protocol(Bytes first, PortHint hint);
/// The bytes begin with a method that HTTP servers know, and a blank.
[[nodiscard]] bool begins_like_http(Bytes first);

}  // namespace weir::classifier
