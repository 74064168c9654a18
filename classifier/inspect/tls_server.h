// SPDX-License-Identifier: Apache-2.0
// The server's first words in TLS: HelloRetryRequest, ServerHello (version, cipher suite, resumption; RFC
// 8446 section 4.1.3, RFC 5246 section 7.4.1.3), up to TLS 1.2 its certificate, or a fatal alert. From
// handshake bytes and alerts as records bring them. Never an error: what it does not understand ends it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

/// Of one handshake message; of a Certificate the first certificate has to end within it.
inline constexpr std::size_t kTlsServerMessageBytesMax = 16'384;

class TlsServer {
 public:
  /// What the client offered to resume; compared with what the server takes.
  void offered_session(Bytes session_id) { session_id_.assign(session_id.begin(), session_id.end()); }

  /// Takes what it needs of these handshake bytes and notes what they show.
  void handshake(Bytes bytes, TlsFacts& facts);
  void alert(Bytes bytes, TlsFacts& facts);
  /// Nothing more is expected in clear text.
  void end() { done_ = true; }

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] std::size_t bytes_held() const { return message_.size(); }

 private:
  [[nodiscard]] std::size_t take(Bytes bytes);
  void message(TlsFacts& facts);
  void server_hello(Bytes body, TlsFacts& facts);
  void certificate(Bytes body, TlsFacts& facts);

  std::vector<std::uint8_t> message_;  // header and what has come of the body
  std::uint32_t message_bytes_ = 0;    // of the body, as announced
  std::uint32_t skip_ = 0;             // of a message that says nothing to us
  std::vector<std::uint8_t> session_id_;
  std::array<std::uint8_t, 2> alert_{};
  std::size_t alert_have_ = 0;
  bool hello_seen_ = false;
  bool done_ = false;
};

}  // namespace weir::classifier
