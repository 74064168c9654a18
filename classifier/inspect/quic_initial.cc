// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_initial.h"

#include <algorithm>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/quic_google.h"
#include "classifier/inspect/tls_session.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kLongHeader = 0x80;
constexpr std::uint8_t kFixedBit = 0x40;
constexpr std::uint8_t kPadding = 0;
constexpr std::uint8_t kPing = 1;
constexpr std::uint8_t kAck = 2;
constexpr std::uint8_t kAckWithCounts = 3;
constexpr std::uint8_t kCrypto = 6;
constexpr std::uint8_t kGooglePing = 7;
constexpr std::uint8_t kGoogleCrypto = 8;

void skip_ack(ByteReader& reader, bool counts) {
  static_cast<void>(quic_integer(reader));
  static_cast<void>(quic_integer(reader));
  std::uint64_t fields = 1 + 2 * quic_integer(reader) + (counts ? 3 : 0);
  for (; fields > 0 && reader.left() > 0; --fields) static_cast<void>(quic_integer(reader));
}

}  // namespace

bool looks_like_quic_initial(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t first = reader.u8();
  const std::uint32_t version = reader.u32();
  if (reader.ok() && (first & (kLongHeader | kFixedBit)) == (kLongHeader | kFixedBit) &&
      (quic_version(version) != nullptr || is_quic_grease(version))) {
    const std::uint8_t id_bytes = reader.u8();
    return reader.ok() && id_bytes <= kQuicIdBytesMax;
  }
  return read_google_packet(datagram).has_value();
}

bool looks_like_quic_server(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t first = reader.u8();
  const std::uint32_t version = reader.u32();
  return reader.ok() && (first & kLongHeader) != 0 && (version == 0 || quic_version(version) != nullptr);
}

Outcome QuicInitial::datagram(Bytes bytes, FlowFacts& facts) {
  facts.tls.seen = true;
  if (++datagrams_ > kQuicDatagramsMax) return named_ ? Outcome::kFinal : Outcome::kLimit;
  derivations_ = 0;
  const Outcome read = packets(bytes);
  return read == Outcome::kMore ? next(facts) : read;
}

/// The coalesced packets of one datagram (RFC 9000 section 12.2).
Outcome QuicInitial::packets(Bytes bytes) {
  if (const auto google = read_google_packet(bytes)) {
    Connection* connection = connections_.empty() ? begin(nullptr, {}) : &connections_.front();
    if (connection->version != nullptr || google->data.empty()) return Outcome::kMore;
    const QuicCrypto::Added added = connection->crypto.add(google->offset, google->data);
    if (added == QuicCrypto::Added::kLimit) return Outcome::kLimit;
    const bool conflict = added == QuicCrypto::Added::kConflict || connection->crypto.two_readings();
    return conflict ? Outcome::kError : Outcome::kMore;
  }
  ByteReader reader{bytes};
  for (std::size_t i = 0; reader.left() > 0; ++i) {
    if (i == kQuicPacketsPerDatagramMax) return Outcome::kLimit;
    const std::size_t start = reader.offset();
    Packet packet;
    packet.first = reader.u8();
    packet.version = quic_version(reader.u32());
    packet.connection_id = reader.take(reader.u8());
    reader.skip(reader.u8());  // source connection id
    if (!reader.ok() || (packet.first & kLongHeader) == 0 || packet.version == nullptr) break;
    if (packet.connection_id.size() > kQuicIdBytesMax) break;
    const bool is_initial = quic_packet_type(packet.first, *packet.version) == QuicPacketType::kInitial;
    if (is_initial) reader.skip(quic_integer(reader));  // token
    const std::uint64_t length = quic_integer(reader);
    packet.number_at = reader.offset() - start;
    reader.skip(length);
    if (!reader.ok()) break;
    packet.whole = bytes.subspan(start, reader.offset() - start);
    if (!is_initial) continue;
    const Outcome outcome = initial(packet);
    if (outcome != Outcome::kMore) return outcome;
  }
  return Outcome::kMore;
}

Outcome QuicInitial::initial(const Packet& packet) {
  std::vector<std::uint8_t> payload;
  Connection* connection = opened(packet, payload);
  if (derivations_ > kQuicDerivationsMax || connections_.size() > kQuicConnectionsMax) return Outcome::kLimit;
  ++packets_;
  if (connection == nullptr) return Outcome::kMore;  // damaged, or of nobody: no server can read it either
  return frames(*connection, Bytes{payload});
}

/// Finds the connection whose keys open the packet. A server may change the version (RFC 9368): the keys are
/// then those of the other version for the same first id. A new id is a new connection, or the same behind a
/// Retry, where the client begins again.
QuicInitial::Connection* QuicInitial::opened(const Packet& packet, std::vector<std::uint8_t>& payload) {
  const auto opens = [&](const QuicKeys& keys) {
    auto opened = open_quic_packet(packet.whole, packet.number_at, keys);
    if (opened) payload = std::move(*opened);
    return opened.has_value();
  };
  for (auto known = connections_.rbegin(); known != connections_.rend(); ++known) {
    if (known->version == packet.version && opens(known->keys)) return &*known;
  }
  for (Connection& known : connections_) {
    if (known.version == nullptr || known.version == packet.version) continue;
    if (++derivations_ > kQuicDerivationsMax) return nullptr;
    if (opens(quic_keys(*packet.version, Bytes{known.id}.first(known.id_bytes)))) return &known;
  }
  if (++derivations_ > kQuicDerivationsMax) return nullptr;
  const QuicKeys fresh = quic_keys(*packet.version, packet.connection_id);
  if (!opens(fresh)) return nullptr;
  Connection* connection = begin(packet.version, packet.connection_id);
  connection->keys = fresh;
  return connection;
}

QuicInitial::Connection* QuicInitial::begin(const QuicVersion* version, Bytes id) {
  connections_.push_back({.version = version, .id_bytes = id.size()});
  std::copy(id.begin(), id.end(), connections_.back().id.begin());
  return &connections_.back();
}

/// Frames that an Initial packet may carry (RFC 9000 section 12.4).
Outcome QuicInitial::frames(Connection& connection, Bytes payload) {
  const bool google = connection.version->google_frames;
  ByteReader reader{payload};
  while (reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    if (type == kPadding || type == (google ? kGooglePing : kPing)) continue;
    if (type == (google ? kGoogleCrypto : kCrypto)) {
      const std::uint64_t offset = quic_integer(reader);
      const Bytes bytes = reader.take(quic_integer(reader));
      if (!reader.ok()) return Outcome::kMore;  // a broken frame closes the connection
      const QuicCrypto::Added added =
          connection.crypto.add(offset, bytes, static_cast<std::uint16_t>(packets_));
      if (added == QuicCrypto::Added::kConflict) return Outcome::kError;
      if (added == QuicCrypto::Added::kLimit) return Outcome::kLimit;
    } else if (!google && (type == kAck || type == kAckWithCounts)) {
      skip_ack(reader, type == kAckWithCounts);
    } else {
      return Outcome::kMore;  // CONNECTION_CLOSE, or what a server refuses
    }
  }
  return Outcome::kMore;
}

Outcome QuicInitial::next(FlowFacts& facts) {
  for (Connection& connection : connections_) {
    for (std::size_t which = 0; which < QuicCrypto::kReadings; ++which) {
      const Outcome outcome = feed(connection, which, facts);
      if (outcome != Outcome::kMore) return outcome;
    }
  }
  return Outcome::kMore;
}

bool QuicInitial::more() {
  return std::any_of(connections_.begin(), connections_.end(), [](Connection& connection) {
    for (std::size_t which = 0; which < QuicCrypto::kReadings; ++which) {
      if (connection.readings[which].hellos < kTlsHellosMax && !connection.crypto.ready(which).empty())
        return true;
    }
    return false;
  });
}

Outcome QuicInitial::feed(Connection& connection, std::size_t which, FlowFacts& facts) {
  Reading& reading = connection.readings[which];
  const Bytes ready = connection.crypto.ready(which);
  if (ready.empty() || reading.hellos == kTlsHellosMax) return Outcome::kMore;
  if (connection.version == nullptr || connection.version->chlo) return feed_chlo(connection, facts);
  const TlsClientHello::Read read = reading.hello.read(ready);
  connection.crypto.consume(read.consumed, which);
  const bool first = reading.hellos == 0;
  switch (read.walk) {
    case TlsClientHello::Walk::kMore:
      return Outcome::kMore;
    case TlsClientHello::Walk::kError:
      return Outcome::kError;
    case TlsClientHello::Walk::kTooLong:
      return Outcome::kLimit;
    case TlsClientHello::Walk::kName:
      facts.host = reading.hello.found().sni;
      facts.host_source = NameSource::kQuicSni;
      facts.tls.sni = facts.host;
      return Outcome::kName;
    case TlsClientHello::Walk::kDone:
      break;
  }
  named_ = true;
  ++reading.hellos;
  take_hello(reading.hello, first, NameSource::kQuicSni, facts);
  if (first) {
    reading.first_ech = reading.hello.ech();
  } else {
    facts.tls.retried = true;
    if (facts.tls.ech != EchKind::kNone) facts.tls.ech = ech_of_retry(reading.first_ech, reading.hello);
  }
  reading.hello = TlsClientHello{TlsTransport::kQuic};
  return Outcome::kNamed;
}

/// Google's handshake: nothing is expected of its server, which nobody runs any more.
Outcome QuicInitial::feed_chlo(Connection& connection, FlowFacts& facts) {
  const Chlo chlo = read_chlo(connection.crypto.ready());
  if (chlo.state == Chlo::State::kMore) return Outcome::kMore;
  const auto name = canonical_host(chlo.server_name);
  if (chlo.state == Chlo::State::kBroken || !name) return Outcome::kError;
  named_ = true;
  if (!name->empty()) {
    facts.tls.sni = *name;
    facts.host = *name;
    facts.host_source = NameSource::kQuicSni;
  }
  return Outcome::kFinal;
}

Outcome QuicInitial::answer(Bytes bytes) {
  ByteReader reader{bytes};
  bool handshake = false;
  while (reader.left() > 0 && !handshake) {
    const std::uint8_t first = reader.u8();
    if ((first & kLongHeader) == 0) {
      // Before its first long header no QUIC server speaks: unless a hello was begun, this is another
      // protocol.
      if (connections_.empty()) return Outcome::kFinal;
      break;
    }
    const QuicVersion* version = quic_version(reader.u32());
    reader.skip(reader.u8());
    reader.skip(reader.u8());
    if (!reader.ok() || version == nullptr) return Outcome::kMore;  // version negotiation
    const QuicPacketType type = quic_packet_type(first, *version);
    handshake = type == QuicPacketType::kHandshake;
    if (type == QuicPacketType::kRetry) return Outcome::kMore;
    if (type == QuicPacketType::kInitial) reader.skip(quic_integer(reader));
    if (!handshake) reader.skip(quic_integer(reader));
    if (!handshake && reader.left() == 0) return Outcome::kMore;
  }
  return named_ ? Outcome::kFinal : Outcome::kLimit;
}

std::size_t QuicInitial::bytes_held() const {
  std::size_t total = 0;
  for (const Connection& connection : connections_) {
    total += connection.crypto.bytes_held();
    for (const Reading& reading : connection.readings)
      total += reading.hello.bytes_held() + reading.first_ech.size();
  }
  return total;
}

}  // namespace weir::classifier
