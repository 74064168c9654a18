// SPDX-License-Identifier: Apache-2.0
// The hellos of a QUIC flow (RFC 9000 section 17.2.2, RFC 9001, RFC 9369; drafts and Google's as quic_keys.h
// and quic_google.h know them). CRYPTO frames may come in any order, over several packets and datagrams,
// behind other packets, with a changed connection id after Retry. A flow may begin several connections: each
// hello is judged, also a second one of a connection (HelloRetryRequest), until the server goes on with a
// handshake. A server that does so after a hello which was not understood makes the flow undecidable, never
// named.
//
// Not seen: another connection that begins on the same ports after the flow was decided, and a connection
// that migrated to new ports, which is a flow without a name.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/quic_crypto.h"
#include "classifier/inspect/quic_keys.h"
#include "classifier/inspect/tls_client_hello.h"

namespace weir::classifier {

/// Datagrams of the client until the server goes on. Without a complete hello the flow is undecidable then.
inline constexpr unsigned kQuicDatagramsMax = 16;
/// Packets of one datagram that are looked at; a datagram with more is undecidable.
inline constexpr std::size_t kQuicPacketsPerDatagramMax = 16;
/// Connections that one flow begins; more is undecidable.
inline constexpr std::size_t kQuicConnectionsMax = 4;
/// Key derivations for one datagram, which bounds its cost; more is undecidable.
inline constexpr unsigned kQuicDerivationsMax = 4;

/// A client's packet of a version that can be read, or of one that makes the server name its own.
[[nodiscard]] bool looks_like_quic_initial(Bytes datagram);
/// What a QUIC server may send before a handshake: version negotiation, Retry, Initial.
[[nodiscard]] bool looks_like_quic_server(Bytes datagram);

class QuicInitial {
 public:
  /// One datagram of the client: kMore, kName, kNamed, kFinal, kError, kLimit.
  [[nodiscard]] Outcome datagram(Bytes bytes, FlowFacts& facts);
  /// Goes on after kName or kNamed with what else the datagram brought.
  [[nodiscard]] Outcome next(FlowFacts& facts);
  [[nodiscard]] bool more();
  /// One datagram of the server: kMore until it goes on with a handshake; then kFinal, or kLimit without a
  /// hello.
  [[nodiscard]] Outcome answer(Bytes bytes);
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  struct Packet {
    std::uint8_t first = 0;
    const QuicVersion* version = nullptr;  // null: a version that nobody speaks
    Bytes connection_id{};
    Bytes whole{};              // of this packet alone
    std::size_t number_at = 0;  // where the protected packet number begins
  };
  /// Of the bytes of a connection, as one of QuicCrypto's readings has them.
  struct Reading {
    TlsClientHello hello{TlsTransport::kQuic};
    std::vector<std::uint8_t> first_ech{};
    unsigned hellos = 0;  // complete ones
  };
  struct Connection {
    const QuicVersion* version = nullptr;  // null: Google's without protection
    QuicKeys keys{};
    std::array<std::uint8_t, kQuicIdBytesMax> id{};  // that the keys were derived from
    std::size_t id_bytes = 0;
    QuicCrypto crypto{};
    std::array<Reading, QuicCrypto::kReadings> readings{};
  };

  [[nodiscard]] Outcome packets(Bytes bytes);
  [[nodiscard]] Outcome initial(const Packet& packet);
  [[nodiscard]] Connection* opened(const Packet& packet, std::vector<std::uint8_t>& payload);
  [[nodiscard]] Connection* begin(const QuicVersion* version, Bytes id);
  [[nodiscard]] Outcome frames(Connection& connection, Bytes payload);
  [[nodiscard]] Outcome feed(Connection& connection, std::size_t which, FlowFacts& facts);
  [[nodiscard]] Outcome feed_chlo(Connection& connection, FlowFacts& facts);

  std::vector<Connection> connections_;
  unsigned datagrams_ = 0;
  unsigned derivations_ = 0;  // of this datagram
  unsigned packets_ = 0;      // of all datagrams: below kQuicDatagramsMax * kQuicPacketsPerDatagramMax
  bool named_ = false;        // a hello was complete
};

}  // namespace weir::classifier
