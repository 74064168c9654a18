// SPDX-License-Identifier: Apache-2.0
// One TLS connection over TCP, both directions, as far as it is in clear text. The client's names are
// complete with its hello (kNamed); the session goes on until the server's hello and certificate, to report
// them and because a server may ask for a second hello (HelloRetryRequest), whose name it would take: that
// one is judged as well. Nothing waits for the server: what it does not say within kTlsServerBytesMax, or
// before the client has sent kTlsClientBytesMax more, is not reported.
#pragma once

#include <cstdint>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/refusal.h"
#include "classifier/inspect/tls_client_hello.h"
#include "classifier/inspect/tls_records.h"
#include "classifier/inspect/tls_server.h"
#include "policy/model/byte_reader.h"
#include "policy/model/flow_facts.h"

namespace weir::classifier {

inline constexpr std::size_t kTlsServerBytesMax = 32'768;  // long chains of large certificates
/// Of the client behind its hello: early data. Servers skip 16 KiB of it at most where they refuse it.
inline constexpr std::size_t kTlsClientBytesMax = 65'536;
inline constexpr unsigned kTlsHellosMax = 2;  // RFC 8446 section 4.1.4: a server asks for one more

/// Takes over into the facts what a hello says. Of a second one: its name, and what it reveals about ECH.
void take_hello(const TlsClientHello& hello, bool first, NameSource source, FlowFacts& facts);
/// Compares the ECH of a second hello with that of the first (RFC 9849 section 6.1.5).
[[nodiscard]] EchKind ech_of_retry(const std::vector<std::uint8_t>& first, const TlsClientHello& second);

class TlsSession {
 public:
  [[nodiscard]] ParseStep from_client(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] ParseStep from_server(Bytes bytes, FlowFacts& facts);
  /// While the server has not answered, an alert of its own is in clear text (RFC 8446 section 6).
  [[nodiscard]] Refusal refusal() const {
    if (server_bytes_ > 0) return {};
    return {.form = RefusalForm::kTlsAlert, .in_turn = true};
  }
  [[nodiscard]] std::size_t bytes_held() const {
    return hello_.bytes_held() + server_.bytes_held() + first_ech_.size();
  }

 private:
  [[nodiscard]] Outcome handshake(Bytes body, std::size_t& consumed, FlowFacts& facts);
  [[nodiscard]] Outcome hello_done(FlowFacts& facts);

  TlsRecords client_records_;
  TlsRecords server_records_;
  TlsClientHello hello_;
  TlsServer server_;
  unsigned hellos_ = 0;           // complete ones
  bool in_hello_ = true;          // the client's next handshake bytes are a hello's
  bool client_done_ = false;      // the client has gone on: it will not say hello again
  std::size_t client_bytes_ = 0;  // behind the first hello
  std::size_t server_bytes_ = 0;
  std::vector<std::uint8_t> first_ech_;
};

}  // namespace weir::classifier
