// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/dtls_flow.h"

#include <array>
#include <optional>

#include "classifier/inspect/tls_session.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kAlert = 21;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kDtlsMajor = 0xfe;
constexpr std::size_t kTlsHeaderBytes = 4;

struct Record {
  std::uint8_t type = 0;
  Bytes body{};
};

/// The next record of the first, unprotected epoch; nullopt: none.
std::optional<Record> next_record(ByteReader& reader) {
  Record out;
  out.type = reader.u8();
  const std::uint8_t major = reader.u8();
  reader.skip(1);
  const std::uint16_t epoch = reader.u16();
  reader.skip(6);  // sequence number
  out.body = reader.take(reader.u16());
  if (!reader.ok() || major != kDtlsMajor || epoch != 0) return std::nullopt;
  return out;
}

}  // namespace

bool looks_like_dtls_hello(Bytes datagram) {
  ByteReader reader{datagram};
  const auto record = next_record(reader);
  return record && record->type == kHandshake && record->body.size() >= 12 && record->body[0] == kClientHello;
}

Outcome DtlsFlow::datagram(Bytes bytes, FlowFacts& facts) {
  if (++datagrams_ > kDtlsDatagramsMax) return named_ ? Outcome::kFinal : Outcome::kLimit;
  facts.tls.seen = true;
  ByteReader reader{bytes};
  while (reader.left() > 0) {
    const auto record = next_record(reader);
    if (!record) break;
    if (record->type != kHandshake) continue;
    const Outcome outcome = fragment(record->body, facts);
    if (outcome != Outcome::kMore)
      return outcome;  // what follows in this datagram is no hello: one is in flight
  }
  return Outcome::kMore;
}

/// The fragments of one record (RFC 6347 section 4.2.2).
Outcome DtlsFlow::fragment(Bytes record, FlowFacts& facts) {
  ByteReader reader{record};
  while (reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    const std::uint32_t length = reader.u24();
    const std::uint16_t message = reader.u16();
    const std::uint32_t offset = reader.u24();
    const Bytes bytes = reader.take(reader.u24());
    if (!reader.ok() || type != kClientHello) return Outcome::kMore;
    if (std::size_t{offset} + bytes.size() > length) return Outcome::kError;
    if (complete_ && message == message_) continue;  // sent again
    if (message != message_ || body_.bytes_held() == 0) {
      body_ = {};
      hello_ = TlsClientHello{TlsTransport::kDtls};
      message_ = message;
      length_ = length;
      complete_ = false;
      const std::array<std::uint8_t, kTlsHeaderBytes> header = {
          kClientHello, static_cast<std::uint8_t>(length >> 16U),
          static_cast<std::uint8_t>((length >> 8U) & 0xffU), static_cast<std::uint8_t>(length & 0xffU)};
      static_cast<void>(body_.add(0, Bytes{header}));
    }
    if (length != length_) return Outcome::kError;
    const QuicCrypto::Added added = body_.add(kTlsHeaderBytes + offset, bytes);
    if (added == QuicCrypto::Added::kConflict || body_.two_readings()) return Outcome::kError;
    if (added == QuicCrypto::Added::kLimit) return Outcome::kLimit;
    const Outcome outcome = feed(facts);
    if (outcome != Outcome::kMore) return outcome;
  }
  return Outcome::kMore;
}

Outcome DtlsFlow::feed(FlowFacts& facts) {
  const TlsClientHello::Read read = hello_.read(body_.ready());
  body_.consume(read.consumed);
  if (read.walk == TlsClientHello::Walk::kError) return Outcome::kError;
  if (read.walk == TlsClientHello::Walk::kTooLong) return Outcome::kLimit;
  if (read.walk != TlsClientHello::Walk::kDone) return Outcome::kMore;  // the name alone can wait for its end
  complete_ = true;
  take_hello(hello_, !named_, NameSource::kTlsSni, facts);
  named_ = true;
  return Outcome::kNamed;
}

Outcome DtlsFlow::answer(Bytes bytes, FlowFacts& facts) {
  ByteReader reader{bytes};
  const auto record = next_record(reader);
  if (!record) return Outcome::kMore;  // STUN and media may share the ports (RFC 7983)
  if (record->type == kHandshake && !record->body.empty() && record->body[0] != kServerHello)
    return Outcome::kMore;  // a cookie
  if (record->type == kHandshake && named_) {
    ByteReader hello{record->body};
    hello.skip(12);
    facts.tls.server_version = hello.u16();
    hello.skip(32);
    hello.skip(hello.u8());
    facts.tls.cipher = hello.u16();
  }
  if (record->type == kAlert && record->body.size() == 2 && record->body[0] == 2)
    facts.tls.server_alert = record->body[1];
  return named_ ? Outcome::kFinal : Outcome::kLimit;
}

}  // namespace weir::classifier
