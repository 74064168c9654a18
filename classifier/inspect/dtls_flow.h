// SPDX-License-Identifier: Apache-2.0
// The hellos of a DTLS flow (RFC 6347 section 4.2, RFC 9147): a client says hello, gets a cookie, and says
// hello again; both are judged, since a server takes the second. A hello may come in fragments, in any order.
// Goes on until the server's ServerHello or alert.
#pragma once

#include <cstdint>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/quic_crypto.h"
#include "classifier/inspect/tls_client_hello.h"

namespace weir::classifier {

/// Datagrams of the client until the server goes on. Without a complete hello the flow is undecidable then.
inline constexpr unsigned kDtlsDatagramsMax = 16;

/// A handshake record of the first epoch that carries a part of a ClientHello.
[[nodiscard]] bool looks_like_dtls_hello(Bytes datagram);

class DtlsFlow {
 public:
  /// One datagram of the client: kMore, kNamed, kFinal, kError, kLimit.
  [[nodiscard]] Outcome datagram(Bytes bytes, FlowFacts& facts);
  /// One datagram of the server: kMore; kFinal or, without a complete hello, kLimit.
  [[nodiscard]] Outcome answer(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return body_.bytes_held() + hello_.bytes_held(); }

 private:
  [[nodiscard]] Outcome fragment(Bytes record, FlowFacts& facts);
  [[nodiscard]] Outcome feed(FlowFacts& facts);

  QuicCrypto body_;  // of the hello that is being put together, behind a TLS handshake header
  TlsClientHello hello_{TlsTransport::kDtls};
  std::uint32_t length_ = 0;
  std::uint16_t message_ = 0;  // its number
  bool complete_ = false;      // and nothing more of it is expected
  bool named_ = false;         // a hello was complete
  unsigned datagrams_ = 0;
};

}  // namespace weir::classifier
