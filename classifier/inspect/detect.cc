// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/detect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "classifier/inspect/http1_request.h"
#include "classifier/inspect/http2_frames.h"
#include "classifier/inspect/kerberos_stream.h"
#include "classifier/inspect/proxy_header.h"
#include "classifier/inspect/socks_session.h"
#include "classifier/inspect/ssh_session.h"
#include "classifier/inspect/starttls_database.h"
#include "classifier/inspect/starttls_ldap.h"
#include "classifier/inspect/starttls_xmpp.h"
#include "classifier/inspect/text.h"
#include "classifier/inspect/tls_client_hello.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kSsl2HelloHeaderBytes = 11;
constexpr std::size_t kDnsHeaderWithLengthBytes = 14;

Guess tls_record(Bytes first) {
  // handshake(22), version 3.x, length, client_hello(1); a first record may be empty of nothing but its
  // header
  if (first.size() > 1 && first[1] != 3) return Guess::kNone;
  if (first.size() > 3 && first[3] > 0x40) return Guess::kNone;
  if (first.size() > 4 && first[3] == 0 && first[4] == 0) return Guess::kTls;
  if (first.size() > 5) return first[5] == 1 ? Guess::kTls : Guess::kNone;
  return Guess::kUndecided;
}

bool dns_query_header(Bytes first) {
  ByteReader reader{first};
  const std::uint16_t length = reader.u16();
  reader.skip(2);  // id
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  const std::uint16_t authorities = reader.u16();
  const bool response = (flags & 0x8000U) != 0;
  const bool opcode_known = ((flags >> 11U) & 0xfU) <= 6;
  return reader.ok() && length >= 12 && opcode_known && questions <= 16 &&
         (response || answers + authorities <= 16);
}

/// What begins with one of a few fixed bytes strings.
Guess fixed_beginning(Bytes first) {
  const std::string_view text = as_text(first);
  const auto begins = [text](std::string_view fixed) {
    return text.substr(0, fixed.size()) == fixed.substr(0, text.size());
  };
  constexpr std::string_view kHttp2Line = kHttp2Preface.substr(0, 16);
  if (begins(kHttp2Line)) return text.size() < kHttp2Line.size() ? Guess::kUndecided : Guess::kHttp2;
  if (!begins(kProxyHeader2Signature)) return Guess::kNone;
  return text.size() < kProxyHeader2Signature.size() ? Guess::kUndecided : Guess::kProxyHeader2;
}

/// Version, CONNECT or BIND, a port, an address, and a text that ends within a message's limit.
Guess socks4(Bytes first) {
  if (first.size() < 9)
    return first.size() > 1 && (first[1] < 1 || first[1] > 2) ? Guess::kNone : Guess::kUndecided;
  ByteReader reader{first};
  reader.skip(1);
  const std::uint8_t command = reader.u8();
  const std::uint16_t port = reader.u16();
  if (command < 1 || command > 2 || port == 0 || reader.u32() == 0) return Guess::kNone;
  const std::string_view text = as_text(reader.rest());
  if (text.find('\0') != std::string_view::npos || text.size() >= kSocksMessageBytesMax)
    return Guess::kSocks4;
  return Guess::kUndecided;
}

/// Version, number of methods, and among them one that proxies have: none, GSSAPI, password.
Guess socks5(Bytes first) {
  if (first.size() < 2) return Guess::kUndecided;
  const std::size_t methods = first[1];
  const Bytes offered = first.subspan(2, std::min(methods, first.size() - 2));
  if (std::any_of(offered.begin(), offered.end(), [](std::uint8_t m) { return m <= 2; }))
    return Guess::kSocks5;
  return offered.size() < methods ? Guess::kUndecided : Guess::kNone;
}

/// The binary protocols, which only the first bytes of a conversation can be.
Guess binary(Bytes first) {
  const Guess fixed = fixed_beginning(first);
  if (fixed != Guess::kNone) return fixed;
  if (first[0] == 4) return socks4(first);
  return first[0] == 5 ? socks5(first) : Guess::kNone;
}

bool is_any(std::string_view word, std::initializer_list<std::string_view> known) {
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view k) { return equals_ignoring_case(word, k); });
}

Guess complete_line(std::string_view line) {
  std::string_view rest = trim(line);
  const std::string_view all = rest;
  const std::string_view word = take_word(rest);
  const std::size_t blank = rest.find_last_of(" \t");
  const std::string_view last = rest.substr(blank == std::string_view::npos ? 0 : blank + 1);
  if (starts_ignoring_case(last, "HTTP/") && !starts_ignoring_case(word, "HTTP/")) return Guess::kHttp;
  if (equals_ignoring_case(word, "GET") && (rest.starts_with("/") || starts_ignoring_case(rest, "http://"))) {
    return Guess::kHttp;  // HTTP/0.9
  }
  if (is_any(word, {"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "BDAT", "STARTTLS", "XCLIENT", "XFORWARD", "VRFY",
                    "EXPN", "ETRN", "DATA"})) {
    return Guess::kSmtpClient;
  }
  if (is_any(word, {"RSET", "NOOP", "QUIT", "HELP", "AUTH"})) return Guess::kSmtpAmbiguous;
  if (all.starts_with("220") && (all.size() == 3 || all[3] == ' ' || all[3] == '-'))
    return Guess::kMailGreeting;
  if (word == "*" && (is_any(take_word(rest), {"OK", "PREAUTH", "BYE"}))) return Guess::kImapGreeting;
  if (word == "+OK") return Guess::kPop3Greeting;
  if (word == "PROXY" && starts_ignoring_case(all, "PROXY TCP")) return Guess::kProxyHeader1;
  if (word == "PROXY" && starts_ignoring_case(all, "PROXY UNKNOWN")) return Guess::kProxyHeader1;
  return Guess::kNone;
}

/// A whole line, since a method of HTTP may begin like it.
Guess ssh_identification(std::string_view first) {
  const std::size_t feed = first.find('\n');
  if (feed == std::string_view::npos)
    return first.size() < kSshBannerBytesMax ? Guess::kUndecided : Guess::kNone;
  std::string_view line = first.substr(0, feed);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const Guess other = complete_line(line);
  return other == Guess::kNone ? Guess::kSsh : other;
}

/// Protocols that go over to TLS and whose first bytes are no line. kNone: none of them.
Guess starttls_protocol(Bytes first) {
  const std::pair<std::optional<bool>, Guess> binary[] = {
      {looks_like_ldap(first), Guess::kLdap},
      {looks_like_postgres(first), Guess::kPostgres},
      {looks_like_mysql_greeting(first), Guess::kMysqlGreeting}};
  for (const auto& [fits, guess] : binary) {
    if (fits.value_or(false)) return guess;
  }
  if (first[0] == '<' && may_be_xmpp(as_text(first)))
    return first.size() > 4 ? Guess::kXmpp : Guess::kUndecided;
  for (const auto& [fits, guess] : binary) {
    if (!fits) return Guess::kUndecided;
  }
  return Guess::kNone;
}

/// An SSL 2.0 style hello, or a line that says what it is. `first` is not empty.
Guess ssl2_or_line(Bytes first) {
  if ((first[0] & 0x80U) != 0) {
    if (first.size() > 2 && first[2] != 1) return Guess::kNone;
    if (first.size() < kSsl2HelloHeaderBytes) return Guess::kUndecided;
    return ssl2_hello_version(first) != 0 ? Guess::kSsl2Hello : Guess::kNone;
  }
  std::string_view text = as_text(first);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanksAndLineEnds), text.size()));
  const std::size_t word = std::min(text.find_first_of(" \t\r\n"), text.size());
  if (word > kHttpMethodReadMax ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(word), is_token_char)) {
    return Guess::kNone;
  }
  const std::size_t feed = text.find('\n');
  if (feed == std::string_view::npos) return Guess::kUndecided;
  std::string_view line = text.substr(0, feed);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return complete_line(line);
}

}  // namespace

Guess guess_protocol(Bytes first, PortHint hint, bool opens) {
  if (first.empty()) return Guess::kUndecided;
  if (opens) {
    const Guess guess = binary(first);
    if (guess != Guess::kNone) return guess;
  }
  if (first[0] == 22) {
    const Guess tls = tls_record(first);
    if (tls != Guess::kNone) return tls;
  }
  if (hint == PortHint::kDns) {
    if (first.size() < kDnsHeaderWithLengthBytes) return Guess::kUndecided;
    if (dns_query_header(first)) return Guess::kDns;
  }
  if (hint == PortHint::kKerberos && first[0] == 0) {
    if (first.size() < kKerberosHeadBytes) return Guess::kUndecided;
    if (begins_like_kerberos(first)) return Guess::kKerberos;
  }
  if (as_text(first).starts_with("SSH-")) {
    const Guess ssh = ssh_identification(as_text(first));
    if (ssh != Guess::kNone) return ssh;
  }
  const Guess starttls = starttls_protocol(first);
  if (starttls != Guess::kNone && starttls != Guess::kUndecided) return starttls;
  const Guess other = ssl2_or_line(first);
  return other == Guess::kNone ? starttls : other;
}

bool begins_like_http(Bytes first) {
  std::string_view text = as_text(first);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanksAndLineEnds), text.size()));
  const std::size_t blank = text.find_first_of(" \t");
  return blank != std::string_view::npos &&
         is_any(text.substr(0, blank),
                {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"});
}

}  // namespace weir::classifier
