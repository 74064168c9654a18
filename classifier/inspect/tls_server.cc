// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_server.h"

#include <algorithm>
#include <string_view>

#include "classifier/inspect/tls_certificate.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kServerHello = 2;
constexpr std::uint8_t kCertificate = 11;
constexpr std::uint8_t kCertificateStatus = 22;
constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint16_t kExtPreSharedKey = 41;
constexpr std::uint16_t kExtSupportedVersions = 43;
constexpr std::uint8_t kFatal = 2;

/// RFC 8446 section 4.1.3: the random of a HelloRetryRequest.
constexpr std::array<std::uint8_t, 32> kRetryRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

}  // namespace

void TlsServer::handshake(Bytes bytes, TlsFacts& facts) {
  while (!bytes.empty() && !done_) {
    bytes = bytes.subspan(take(bytes));
    if (message_.size() < kHeaderBytes) continue;
    const std::size_t have = message_.size() - kHeaderBytes;
    // Of a certificate list the first, the server's own, is enough.
    std::size_t enough = message_bytes_;
    if (message_[0] == kCertificate) {
      const std::uint32_t first = have < 6 ? 0 : ByteReader{Bytes{message_}.subspan(kHeaderBytes + 3)}.u24();
      enough = std::min<std::size_t>(enough, 6U + first);
    }
    if (enough > kTlsServerMessageBytesMax) return end();
    if (have >= enough) message(facts);
  }
}

/// Bytes of one message, at most up to its end.
std::size_t TlsServer::take(Bytes bytes) {
  if (skip_ > 0) {
    const auto skipped = static_cast<std::uint32_t>(std::min<std::size_t>(skip_, bytes.size()));
    skip_ -= skipped;
    return skipped;
  }
  const std::size_t wanted =
      message_.size() < kHeaderBytes ? kHeaderBytes : kHeaderBytes + std::size_t{message_bytes_};
  const std::size_t count = std::min(wanted - message_.size(), bytes.size());
  message_.insert(message_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  if (message_.size() == kHeaderBytes && message_bytes_ == 0) {
    ByteReader header{Bytes{message_}};
    const std::uint8_t type = header.u8();
    message_bytes_ = header.u24();
    if (type == kCertificateStatus) {
      skip_ = message_bytes_;
      message_.clear();
      message_bytes_ = 0;
    }
  }
  return count;
}

void TlsServer::message(TlsFacts& facts) {
  const std::uint8_t type = message_[0];
  const Bytes body = Bytes{message_}.subspan(kHeaderBytes);
  if (type == kServerHello && !hello_seen_) {
    server_hello(body, facts);
  } else if (type == kCertificate && hello_seen_) {
    certificate(body, facts);
    end();
  } else {  // a session ticket, a key exchange without certificate: no certificate will follow
    end();
  }
  message_.clear();
  message_bytes_ = 0;
}

void TlsServer::server_hello(Bytes body, TlsFacts& facts) {
  ByteReader reader{body};
  std::uint16_t version = reader.u16();
  const Bytes random = reader.take(kRetryRandom.size());
  const Bytes session_id = reader.take(reader.u8());
  const std::uint16_t cipher = reader.u16();
  reader.skip(1);  // compression method
  if (!reader.ok()) return end();
  if (std::equal(random.begin(), random.end(), kRetryRandom.begin())) {
    facts.retried = true;
    return;
  }
  bool psk = false;
  reader.skip(std::min<std::size_t>(reader.left(), 2));
  while (reader.left() >= 4) {
    const std::uint16_t type = reader.u16();
    ByteReader content{reader.take(reader.u16())};
    if (type == kExtSupportedVersions && content.left() == 2) version = content.u16();
    psk |= type == kExtPreSharedKey;
  }
  hello_seen_ = true;
  facts.server_version = version;
  facts.cipher = cipher;
  const bool new_style = version == 0x0304 || version == 0xfefc || (version >> 8U) == 0x7f;  // and its drafts
  const bool same_session = !session_id.empty() && session_id.size() == session_id_.size() &&
                            std::equal(session_id.begin(), session_id.end(), session_id_.begin());
  facts.resumed = new_style ? psk : same_session;
  if (new_style || facts.resumed) end();  // what follows is encrypted, or has no certificate
}

void TlsServer::certificate(Bytes body, TlsFacts& facts) {
  ByteReader reader{body};
  reader.skip(3);  // of the list
  const Bytes first = reader.take(reader.u24());
  if (reader.ok()) facts.certificate = read_certificate(first);
}

void TlsServer::alert(Bytes bytes, TlsFacts& facts) {
  for (const std::uint8_t byte : bytes) {
    alert_[alert_have_++] = byte;
    if (alert_have_ < alert_.size()) continue;
    alert_have_ = 0;
    if (alert_[0] != kFatal) continue;  // a warning, e.g. unrecognized_name
    facts.server_alert = alert_[1];
    return end();
  }
}

}  // namespace weir::classifier
