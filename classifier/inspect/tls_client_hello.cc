// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_client_hello.h"

#include <algorithm>

#include "classifier/inspect/host_name.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kClientHello = 1;
constexpr std::size_t kHandshakeHeaderBytes = 4;
constexpr std::size_t kFirstReserveBytes = 2'048;  // what is announced need not come
constexpr std::uint16_t kExtServerName = 0;
constexpr std::uint16_t kExtAlpn = 16;
constexpr std::uint16_t kExtSessionTicket = 35;
constexpr std::uint16_t kExtPreSharedKey = 41;
constexpr std::uint16_t kExtEarlyData = 42;
constexpr std::uint16_t kExtSupportedVersions = 43;
constexpr std::uint16_t kExtEch = 0xfe0d;
constexpr std::uint16_t kExtEncryptedServerName = 0xffce;  // what ECH was before draft 7
constexpr std::uint8_t kEchOuter = 0;
constexpr std::uint16_t kTls13 = 0x0304;

/// Versions as they grow newer: those of DTLS are counted downwards.
bool newer(std::uint16_t a, std::uint16_t b, TlsTransport transport) {
  return transport == TlsTransport::kDtls ? a < b || b == 0 : a > b;
}

bool is_version(std::uint16_t version, TlsTransport transport) {
  return transport == TlsTransport::kDtls ? version >= 0xfefc && version <= 0xfeff
                                          : version >= 0x0300 && version <= kTls13;
}

}  // namespace

TlsClientHello::Read TlsClientHello::read(Bytes bytes) {
  Read out;
  while (out.consumed < bytes.size() && out.walk == Walk::kMore) {
    // The header first, so that no byte behind the message is taken.
    std::size_t wanted = kHandshakeHeaderBytes;
    if (message_.size() >= kHandshakeHeaderBytes) {
      wanted += ByteReader{Bytes{message_}.subspan(1)}.u24();
      if (wanted > kClientHelloBytesMax && message_.size() == kClientHelloBytesMax) {
        out.walk = Walk::kTooLong;
        return out;
      }
    }
    message_.reserve(std::min(wanted, kFirstReserveBytes));
    const std::size_t room = std::min(wanted, kClientHelloBytesMax) - message_.size();
    const Bytes part = bytes.subspan(out.consumed, std::min(room, bytes.size() - out.consumed));
    message_.insert(message_.end(), part.begin(), part.end());
    out.consumed += part.size();
    out.walk = walk();
  }
  if (out.walk == Walk::kMore && message_.size() == kClientHelloBytesMax) out.walk = Walk::kTooLong;
  if (out.walk == Walk::kDone) finish();
  if (out.walk == Walk::kMore && !found_.sni.empty() && !name_reported_) out.walk = Walk::kName;
  name_reported_ = name_reported_ || out.walk == Walk::kName;
  return out;
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
  return Walk::kDone;
}

TlsClientHello::Walk TlsClientHello::walk_fixed() {
  ByteReader reader{Bytes{message_}};
  reader.skip(1);
  const std::size_t end = kHandshakeHeaderBytes + reader.u24();
  const std::uint16_t version = reader.u16();
  reader.skip(32);  // random
  const Bytes session_id = reader.take(reader.u8());
  if (session_id.size() > kSessionIdBytesMax) return Walk::kError;
  if (transport_ == TlsTransport::kDtls) reader.skip(reader.u8());  // cookie
  const std::uint16_t cipher_bytes = reader.u16();
  if (cipher_bytes % 2 != 0) return Walk::kError;
  reader.skip(cipher_bytes);
  reader.skip(reader.u8());  // compression methods
  if (reader.ok() && reader.offset() > end) return Walk::kError;
  const bool bare = reader.ok() && reader.offset() == end;  // no extensions at all: usual before TLS 1.2
  const std::uint16_t extension_bytes = bare ? std::uint16_t{0} : reader.u16();
  if (!reader.ok()) return Walk::kMore;
  if (reader.offset() + extension_bytes != end) return Walk::kError;
  found_.version = version;
  session_id_bytes_ = static_cast<std::uint8_t>(session_id.size());
  std::copy(session_id.begin(), session_id.end(), session_id_.begin());
  extensions_at_ = reader.offset();
  return bare ? Walk::kDone : Walk::kMore;
}

bool TlsClientHello::extension(std::uint16_t type, Bytes body) {
  switch (type) {
    case kExtServerName:
      return server_name(body);
    case kExtAlpn:
      alpn(body);
      return true;
    case kExtSessionTicket:
      found_.resumption_offered |= !body.empty();
      return true;
    case kExtPreSharedKey:
      found_.resumption_offered = true;
      return true;
    case kExtEarlyData:
      found_.early_data = true;
      return true;
    case kExtSupportedVersions:
      versions(body);
      return true;
    case kExtEch:
      ech(body);
      return true;
    case kExtEncryptedServerName:
      found_.ech_offered = true;
      if (found_.ech == EchKind::kNone) found_.ech = EchKind::kOffered;
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
  if (!canonical || (canonical->empty() && !name.empty())) return false;
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
  std::uint16_t newest = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t version = reader.u16();  // GREASE among them
    if (is_version(version, transport_) && newer(version, newest, transport_)) newest = version;
  }
  if (newest != 0) found_.version = newest;
}

/// RFC 9849 section 5: type, HPKE suite, configuration id, encapsulated key, payload.
void TlsClientHello::ech(Bytes body) {
  found_.ech_offered = true;
  found_.ech = EchKind::kOffered;
  ech_.assign(body.begin(), body.end());
  ByteReader reader{body};
  const std::uint8_t type = reader.u8();
  const std::uint16_t kdf = reader.u16();
  const std::uint16_t aead = reader.u16();
  const std::uint8_t config_id = reader.u8();
  const Bytes key = reader.take(reader.u16());
  const std::uint16_t payload_bytes = reader.u16();
  if (!reader.ok() || type != kEchOuter) return;
  ech_has_key_ = !key.empty();
  found_.ech_kdf = kdf;
  found_.ech_aead = aead;
  found_.ech_config_id = config_id;
  found_.ech_payload_bytes = payload_bytes;
}

void TlsClientHello::finish() {
  found_.seen = true;
  const bool new_style =
      transport_ != TlsTransport::kDtls ? found_.version >= kTls13 : found_.version <= 0xfefc;
  // TLS 1.3 fills the session id for the sake of old boxes on the way.
  found_.resumption_offered |= session_id_bytes_ > 0 && !new_style;
  const HelloNumbers numbers = hello_numbers(Bytes{message_}.subspan(kHandshakeHeaderBytes), transport_);
  found_.ja3 = ja3(numbers);
  found_.ja4 = ja4(numbers, transport_);
  message_ = {};
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
