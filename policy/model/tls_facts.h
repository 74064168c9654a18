// SPDX-License-Identifier: Apache-2.0
// What a TLS, DTLS or QUIC handshake showed in clear text. Part of FlowFacts.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Encrypted Client Hello (RFC 9849), as far as the wire tells. A first hello cannot show whether its
/// extension is GREASE or use: that is what GREASE is for. A second hello, after a HelloRetryRequest, does
/// show it.
enum class EchKind : std::uint8_t {
  kNone,
  kOffered,  // cannot be told
  kGrease,   // the second hello repeats the extension as it was: there is nothing behind it
  kUsed,     // the second hello brings a new payload without a new key: a name is hidden
};
[[nodiscard]] const char* to_string(EchKind kind);

/// The server's own certificate (RFC 5280), visible up to TLS 1.2. Texts are printable and not verified.
struct TlsCertificate {
  std::string subject;             // common name, or organisation where there is none
  std::string issuer;              // likewise
  std::vector<std::string> names;  // DNS names of subjectAltName, lower case
  std::int64_t not_before = 0;     // seconds of the Unix epoch
  std::int64_t not_after = 0;
  bool operator==(const TlsCertificate&) const = default;
};

struct TlsFacts {
  bool seen = false;
  std::string sni{};  // canonical (policy/categories/canonical_name.h); empty: none was sent
  std::vector<std::string> alpn{};
  std::uint16_t version = 0;  // highest offered, e.g. 0x0304
  bool ech_offered = false;
  std::string ja3{};  // MD5 of the ClientHello's numbers, 32 hex digits (salesforce/ja3); empty: not computed
  std::string ja4{};  // client fingerprint, e.g. "t13d1516h2_8daaf6152771_e5627efa2ab1" (FoxIO JA4, BSD part)
  std::uint16_t server_version = 0;  // what the server chose; 0: not seen
  std::uint16_t cipher = 0;          // cipher suite that the server chose (IANA number); 0: not seen
  EchKind ech = EchKind::kNone;
  std::uint8_t ech_config_id = 0;
  std::uint16_t ech_kdf = 0;  // HPKE suite (RFC 9180 section 7)
  std::uint16_t ech_aead = 0;
  std::uint16_t ech_payload_bytes = 0;
  bool resumption_offered = false;  // PSK, session ticket or (before TLS 1.3) session id
  bool resumed = false;             // and the server took it
  bool early_data = false;          // the client sends data before the server's word (0-RTT)
  bool retried = false;             // HelloRetryRequest: the client said hello twice
  std::uint8_t server_alert = 0;    // fatal alert of the server in clear text (RFC 8446 section 6); 0: none
  std::shared_ptr<const TlsCertificate> certificate{};
};

}  // namespace weir
