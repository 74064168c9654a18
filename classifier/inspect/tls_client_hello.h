// SPDX-License-Identifier: Apache-2.0
// One ClientHello (RFC 8446 section 4.1.2, RFC 6347 for DTLS) from pieces of its handshake message: server
// name, ALPN, offered versions, ECH, resumption, fingerprints. How the pieces came (records, CRYPTO frames,
// fragments) is not its affair. The server name is known as soon as its extension is complete, the rest with
// the end of the message.
//
// A second server_name extension, a second name in it, a NUL, what cannot be a host name, or lengths that do
// not add up are errors: servers refuse them, or disagree about which name counts. An empty host_name is no
// name, as OpenSSL takes it. Case, a trailing dot and U-labels are made canonical.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "classifier/inspect/tls_fingerprint.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// A longer ClientHello is undecidable. Post-quantum hellos need about 2 KiB.
inline constexpr std::size_t kClientHelloBytesMax = 65'536;
inline constexpr std::size_t kAlpnMax = 16;
inline constexpr std::size_t kSessionIdBytesMax = 32;

class TlsClientHello {
 public:
  enum class Walk : std::uint8_t {
    kMore,
    kName,     // the server name is here, the message goes on
    kDone,     // the message is complete
    kError,    // servers refuse it
    kTooLong,  // longer than kClientHelloBytesMax
  };
  struct Read {
    std::size_t consumed = 0;  // up to the end of the message
    Walk walk = Walk::kMore;
  };

  explicit TlsClientHello(TlsTransport transport = TlsTransport::kTcp) : transport_(transport) {}

  /// The next bytes of the handshake message: type, length (24 bits), body. Not called again after the last
  /// three.
  [[nodiscard]] Read read(Bytes bytes);

  /// What was found so far; fingerprints only when done.
  [[nodiscard]] const TlsFacts& found() const { return found_; }
  [[nodiscard]] bool name_seen() const { return name_seen_; }
  [[nodiscard]] Bytes session_id() const { return Bytes{session_id_}.first(session_id_bytes_); }
  /// The ECH extension as it came; empty: there was none. Of its key only whether there is one.
  [[nodiscard]] const std::vector<std::uint8_t>& ech() const { return ech_; }
  [[nodiscard]] bool ech_has_key() const { return ech_has_key_; }
  [[nodiscard]] std::size_t bytes_held() const { return message_.size() + ech_.size(); }

 private:
  [[nodiscard]] Walk walk();
  [[nodiscard]] Walk walk_fixed();
  [[nodiscard]] bool extension(std::uint16_t type, Bytes body);
  [[nodiscard]] bool server_name(Bytes body);
  void alpn(Bytes body);
  void versions(Bytes body);
  void ech(Bytes body);
  void finish();

  TlsTransport transport_;
  bool name_seen_ = false;      // a server_name extension, with a name or without
  bool name_reported_ = false;  // the caller was told of the name
  bool ech_has_key_ = false;
  std::uint8_t session_id_bytes_ = 0;
  std::array<std::uint8_t, kSessionIdBytesMax> session_id_{};
  std::vector<std::uint8_t> message_;  // handshake header and what has come of the body
  std::size_t extensions_at_ = 0;      // 0: the part before the extensions is not complete yet
  std::vector<std::uint8_t> ech_;
  TlsFacts found_;
};

/// An SSL 2.0 style ClientHello that offers TLS (RFC 5246 appendix E.2): it cannot carry a name. Returns the
/// offered version, 0 when the bytes are not one; needs 11 bytes.
[[nodiscard]] std::uint16_t ssl2_hello_version(Bytes bytes);

}  // namespace weir::classifier
