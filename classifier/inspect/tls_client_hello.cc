// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_client_hello.h"

#include <algorithm>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kRecordHandshake = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::size_t kHandshakeHeaderBytes = 4;
constexpr std::uint16_t kExtServerName = 0;
constexpr std::uint16_t kExtAlpn = 16;
constexpr std::uint16_t kExtSupportedVersions = 43;
constexpr std::uint16_t kExtEch = 0xfe0d;

}  // namespace

ParseStep TlsClientHello::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  Walk walked = Walk::kMore;
  bool too_long = false;
  while (step.consumed < bytes.size() && walked == Walk::kMore) {
    if (record_left_ == 0) {
      header_[header_have_++] = bytes[step.consumed++];
      if (header_have_ == header_.size() && !begin_record()) walked = Walk::kError;
      continue;
    }
    const std::size_t count =
        std::min({record_left_, bytes.size() - step.consumed, kClientHelloBytesMax - message_.size()});
    const Bytes part = bytes.subspan(step.consumed, count);
    message_.insert(message_.end(), part.begin(), part.end());
    step.consumed += count;
    record_left_ -= count;
    walked = walk();
    if (walked == Walk::kMore && message_.size() == kClientHelloBytesMax) {
      too_long = true;
      break;
    }
  }
  facts.tls.seen = true;
  if (too_long) {
    step.outcome = name_seen_ ? Outcome::kFinal : Outcome::kLimit;
  } else if (walked == Walk::kError) {
    step.outcome = Outcome::kError;
  } else if (walked == Walk::kDone) {
    found_.seen = true;
    facts.tls = found_;
    step.outcome = Outcome::kFinal;
  } else if (name_seen_ && !name_reported_) {
    facts.tls.sni = found_.sni;
    step.outcome = Outcome::kName;
  }
  if (name_seen_ && walked != Walk::kError) {
    name_reported_ = true;
    facts.host = found_.sni;
    facts.host_source = NameSource::kTlsSni;
  }
  return step;
}

bool TlsClientHello::begin_record() {
  ByteReader reader{Bytes{header_}};
  header_have_ = 0;
  const std::uint8_t type = reader.u8();
  const std::uint8_t major = reader.u8();
  reader.skip(1);
  record_left_ = reader.u16();
  if (type != kRecordHandshake || major != 3 || record_left_ > kTlsRecordBytesMax) return false;
  empty_records_ = record_left_ == 0 ? empty_records_ + 1 : 0;
  return empty_records_ <= kEmptyRecordsMax;
}

TlsClientHello::Walk TlsClientHello::walk() {
  ByteReader reader{Bytes{message_}};
  const std::uint8_t type = reader.u8();
  const std::size_t end = kHandshakeHeaderBytes + reader.u24();
  if (!message_.empty() && message_[0] != kClientHello) return Walk::kError;
  if (!reader.ok() || type != kClientHello) return Walk::kMore;
  if (extensions_at_ == 0) {
    const Walk fixed = walk_fixed();
    if (fixed != Walk::kMore || extensions_at_ == 0) {
      return fixed == Walk::kMore && message_.size() >= end ? Walk::kError : fixed;
    }
  }
  // Each extension is handled once, when its last byte is here.
  while (extensions_at_ < end) {
    if (extensions_at_ > message_.size()) return Walk::kMore;
    ByteReader next{Bytes{message_}.subspan(extensions_at_)};
    const std::uint16_t extension_type = next.u16();
    const std::uint16_t length = next.u16();
    if (!next.ok()) return message_.size() >= end ? Walk::kError : Walk::kMore;
    if (extensions_at_ + 4 + length > end) return Walk::kError;
    const Bytes body = next.take(length);
    if (!next.ok()) return Walk::kMore;
    if (!extension(extension_type, body)) return Walk::kError;
    extensions_at_ += 4U + length;
  }
  // Bytes behind the message would be a second handshake message, which no client sends before the reply.
  return Walk::kDone;
}

TlsClientHello::Walk TlsClientHello::walk_fixed() {
  ByteReader reader{Bytes{message_}};
  reader.skip(1);
  const std::size_t end = kHandshakeHeaderBytes + reader.u24();
  const std::uint16_t version = reader.u16();
  reader.skip(32);  // random
  const std::uint8_t session_id_bytes = reader.u8();
  if (session_id_bytes > 32) return Walk::kError;
  reader.skip(session_id_bytes);
  const std::uint16_t cipher_bytes = reader.u16();
  if (cipher_bytes % 2 != 0) return Walk::kError;
  reader.skip(cipher_bytes);
  reader.skip(reader.u8());  // compression methods
  if (reader.ok() && reader.offset() > end) return Walk::kError;
  if (reader.ok() && reader.offset() == end) {  // no extensions at all (before TLS 1.2 that is usual)
    found_.version = version;
    return Walk::kDone;
  }
  const std::uint16_t extension_bytes = reader.u16();
  if (!reader.ok()) return Walk::kMore;
  if (reader.offset() + extension_bytes != end) return Walk::kError;
  found_.version = version;
  extensions_at_ = reader.offset();
  return Walk::kMore;
}

bool TlsClientHello::extension(std::uint16_t type, Bytes body) {
  switch (type) {
    case kExtServerName:
      return server_name(body);
    case kExtAlpn:
      alpn(body);
      return true;
    case kExtSupportedVersions:
      versions(body);
      return true;
    case kExtEch:
      found_.ech_offered = true;
      return true;
    default:
      return true;
  }
}

bool TlsClientHello::server_name(Bytes body) {
  ByteReader reader{body};
  if (name_seen_ || reader.u16() != body.size() - 2) return false;
  const std::uint8_t type = reader.u8();
  const Bytes name = reader.take(reader.u16());
  // RFC 6066 section 3: one name of a type; host_name is the only type there is.
  if (!reader.ok() || reader.left() != 0 || type != 0) return false;
  const auto canonical = canonical_host(as_text(name));
  if (!canonical || canonical->empty()) return false;
  found_.sni = *canonical;
  name_seen_ = true;
  return true;
}

void TlsClientHello::alpn(Bytes body) {
  ByteReader reader{body};
  reader.skip(2);
  while (reader.left() > 0 && found_.alpn.size() < kAlpnMax) {
    const Bytes name = reader.take(reader.u8());
    if (reader.ok() && !name.empty()) found_.alpn.push_back(printable(as_text(name), 255));
  }
}

void TlsClientHello::versions(Bytes body) {
  ByteReader reader{body};
  const std::size_t count = reader.u8() / 2U;
  std::uint16_t highest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t version = reader.u16();
    if (version >= 0x0300 && version <= 0x0304) highest = std::max(highest, version);  // not GREASE
  }
  if (highest != 0) found_.version = highest;
}

std::uint16_t ssl2_hello_version(Bytes bytes) {
  ByteReader reader{bytes};
  const std::uint16_t length = reader.u16();
  const std::uint8_t type = reader.u8();
  const std::uint16_t version = reader.u16();
  const std::uint16_t ciphers = reader.u16();
  const std::uint16_t session = reader.u16();
  const std::uint16_t challenge = reader.u16();
  if (!reader.ok() || (length & 0x8000U) == 0 || type != kClientHello || version < 0x0300 || version > 0x0303)
    return 0;
  const bool adds_up = (length & 0x7fffU) == 9U + ciphers + session + challenge;
  return adds_up && ciphers > 0 && ciphers % 3 == 0 && challenge >= 16 && challenge <= 32 ? version : 0;
}

}  // namespace weir::classifier
