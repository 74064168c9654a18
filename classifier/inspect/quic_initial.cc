// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/quic_initial.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace weir::classifier {

namespace {

constexpr std::uint32_t kVersion1 = 1;
constexpr std::uint32_t kVersion2 = 0x6b3343cf;
constexpr std::uint32_t kDraft29 = 0xff00001d;
constexpr std::size_t kConnectionIdBytesMax = 20;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSampleBytes = 16;

using Secret = std::array<std::uint8_t, 32>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

/// RFC 9001 section 5.2, RFC 9369 section 3.3.1, draft-ietf-quic-tls-29 section 5.2.
constexpr std::array<std::uint8_t, 20> kSalt1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                                 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr std::array<std::uint8_t, 20> kSalt2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                                 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr std::array<std::uint8_t, 20> kSalt29 = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                                                  0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};

bool known(std::uint32_t version) {
  // RFC 9000 section 15: versions of the form 0x?a?a?a?a make the server name those it has; the client then
  // begins again on the same flow.
  return version == kVersion1 || version == kVersion2 || version == kDraft29 ||
         (version & 0x0f0f0f0fU) == 0x0a0a0a0aU;
}

/// RFC 9000 section 16.
std::uint64_t variable_integer(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  std::uint64_t value = first & 0x3fU;
  for (unsigned left = (1U << (first >> 6U)) - 1U; left > 0; --left) value = (value << 8U) | reader.u8();
  return value;
}

Secret hmac(Bytes key, Bytes text) {
  Secret out{};
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), text.data(), text.size(), out.data(), &length);
  return out;
}

/// HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context, for at most 32 bytes.
Secret expand(const Secret& secret, std::string_view label, std::uint8_t bytes) {
  std::vector<std::uint8_t> info = {0, bytes, static_cast<std::uint8_t>(6 + label.size())};
  for (const char c : std::string_view{"tls13 "}) info.push_back(static_cast<std::uint8_t>(c));
  for (const char c : label) info.push_back(static_cast<std::uint8_t>(c));
  info.push_back(0);
  info.push_back(1);
  return hmac(Bytes{secret}, Bytes{info});
}

template <std::size_t N>
std::array<std::uint8_t, N> first_of(const Secret& secret) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(secret.begin(), N, out.begin());
  return out;
}

bool is_initial(std::uint8_t first, std::uint32_t version) {
  return (first & 0xf0U) == (version == kVersion2 ? 0xd0U : 0xc0U);
}

}  // namespace

bool looks_like_quic_initial(Bytes datagram) {
  ByteReader reader{datagram};
  const std::uint8_t first = reader.u8();
  const std::uint32_t version = reader.u32();
  return reader.ok() && (first & 0xc0U) == 0xc0 && known(version) && reader.u8() <= kConnectionIdBytesMax;
}

Outcome QuicInitial::datagram(Bytes bytes, FlowFacts& facts) {
  if (++datagrams_ > kQuicDatagramsMax) return Outcome::kLimit;
  ByteReader reader{bytes};
  for (std::size_t i = 0; i < kQuicPacketsPerDatagramMax && reader.left() > 0; ++i) {
    const std::size_t start = reader.offset();
    const std::uint8_t first = reader.u8();
    Packet packet;
    packet.version = reader.u32();
    packet.connection_id = reader.take(reader.u8());
    reader.skip(reader.u8());  // source connection id
    if (!reader.ok() || (first & 0xc0U) != 0xc0 || !known(packet.version)) break;
    if (packet.connection_id.size() > kConnectionIdBytesMax) break;
    const bool initial = is_initial(first, packet.version);
    if (initial) reader.skip(variable_integer(reader));  // token
    const std::uint64_t length = variable_integer(reader);
    packet.number_at = reader.offset() - start;
    reader.skip(length);
    if (!reader.ok()) break;
    packet.whole = bytes.subspan(start, reader.offset() - start);
    if (!initial) continue;
    auto payload = keys_ ? open(packet, *keys_) : std::nullopt;
    if (!payload) {  // the first packet, or a new connection id after Retry
      const Keys fresh = derive(packet.version, packet.connection_id);
      payload = open(packet, fresh);
      if (payload) keys_ = fresh;
    }
    if (payload && !frames(Bytes{*payload})) return Outcome::kError;
  }
  const Outcome outcome = feed_hello(facts);
  return outcome == Outcome::kMore && too_long_ ? Outcome::kLimit : outcome;
}

QuicInitial::Keys QuicInitial::derive(std::uint32_t version, Bytes connection_id) {
  // Without this the library would read its configuration file at first use, which the sandbox does not
  // allow.
  static const int ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  static_cast<void>(ready);
  const Bytes salt = version == kVersion2  ? Bytes{kSalt2}
                     : version == kDraft29 ? Bytes{kSalt29}
                                           : Bytes{kSalt1};
  const Secret client = expand(hmac(salt, connection_id), "client in", 32);
  const bool two = version == kVersion2;
  Keys keys;
  keys.key = first_of<16>(expand(client, two ? "quicv2 key" : "quic key", 16));
  keys.iv = first_of<12>(expand(client, two ? "quicv2 iv" : "quic iv", 12));
  keys.header = first_of<16>(expand(client, two ? "quicv2 hp" : "quic hp", 16));
  return keys;
}

/// Removes header protection and decrypts (RFC 9001 sections 5.3 and 5.4); nullopt when the tag does not fit.
std::optional<std::vector<std::uint8_t>> QuicInitial::open(const Packet& packet, const Keys& keys) {
  if (packet.whole.size() < packet.number_at + 4 + kSampleBytes) return std::nullopt;
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::array<std::uint8_t, 32> mask{};
  int length = 0;
  const Bytes sample = packet.whole.subspan(packet.number_at + 4, kSampleBytes);
  if (EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, keys.header.data(), nullptr) != 1)
    return std::nullopt;
  if (EVP_EncryptUpdate(context.get(), mask.data(), &length, sample.data(), kSampleBytes) != 1)
    return std::nullopt;

  std::vector<std::uint8_t> head(packet.whole.begin(),
                                 packet.whole.begin() + static_cast<std::ptrdiff_t>(packet.number_at + 4));
  head[0] = static_cast<std::uint8_t>(head[0] ^ (mask[0] & 0x0fU));
  const std::size_t number_bytes = (head[0] & 0x03U) + 1U;
  head.resize(packet.number_at + number_bytes);
  std::array<std::uint8_t, 12> nonce = keys.iv;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    head[packet.number_at + i] = static_cast<std::uint8_t>(head[packet.number_at + i] ^ mask[i + 1]);
    nonce[12 - number_bytes + i] =
        static_cast<std::uint8_t>(nonce[12 - number_bytes + i] ^ head[packet.number_at + i]);
  }
  const Bytes sealed = packet.whole.subspan(head.size());
  if (sealed.size() < kTagBytes) return std::nullopt;
  const Bytes text = sealed.first(sealed.size() - kTagBytes);
  std::array<std::uint8_t, kTagBytes> tag{};
  std::copy(sealed.end() - kTagBytes, sealed.end(), tag.begin());
  std::vector<std::uint8_t> plain(text.size());
  EVP_CIPHER_CTX* cipher = context.get();
  const bool opened =
      EVP_CIPHER_CTX_reset(cipher) == 1 &&
      EVP_DecryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, keys.key.data(), nonce.data()) == 1 &&
      EVP_DecryptUpdate(cipher, nullptr, &length, head.data(), static_cast<int>(head.size())) == 1 &&
      EVP_DecryptUpdate(cipher, plain.data(), &length, text.data(), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher, tag.data(), &length) == 1;
  return opened ? std::optional(std::move(plain)) : std::nullopt;
}

/// Frames that an Initial packet may carry (RFC 9000 section 12.4). False: two copies of a byte differ.
bool QuicInitial::frames(Bytes payload) {
  ByteReader reader{payload};
  while (reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    if (type <= 1) continue;  // PADDING, PING
    if (type == 6) {
      const std::uint64_t offset = variable_integer(reader);
      const Bytes bytes = reader.take(variable_integer(reader));
      if (reader.ok() && !crypto(offset, bytes)) return false;
    } else if (type == 2 || type == 3) {  // ACK, with ECN counts
      reader.skip(0);
      static_cast<void>(variable_integer(reader));
      static_cast<void>(variable_integer(reader));
      std::uint64_t fields = 1 + 2 * variable_integer(reader) + (type == 3 ? 3 : 0);
      for (; fields > 0 && reader.left() > 0; --fields) static_cast<void>(variable_integer(reader));
    } else {
      return true;  // CONNECTION_CLOSE, or what a server refuses
    }
  }
  return true;
}

bool QuicInitial::crypto(std::uint64_t offset, Bytes bytes) {
  if (offset > kQuicCryptoBytesMax || bytes.size() > kQuicCryptoBytesMax - offset) {
    too_long_ = true;
    return true;
  }
  const std::size_t end = offset + bytes.size();
  if (crypto_.size() < end) {
    crypto_.resize(end);
    have_.resize(end);
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (have_[offset + i] && crypto_[offset + i] != bytes[i]) return false;
    crypto_[offset + i] = bytes[i];
    have_[offset + i] = true;
  }
  return true;
}

/// Hands the part without gaps over, dressed as a TLS record.
Outcome QuicInitial::feed_hello(FlowFacts& facts) {
  std::size_t end = delivered_;
  while (end < have_.size() && have_[end]) ++end;
  const std::size_t bytes = end - delivered_;
  if (bytes == 0) return Outcome::kMore;
  std::vector<std::uint8_t> record = {22, 3, 3, static_cast<std::uint8_t>(bytes >> 8U),
                                      static_cast<std::uint8_t>(bytes & 0xffU)};
  record.insert(record.end(), crypto_.begin() + static_cast<std::ptrdiff_t>(delivered_),
                crypto_.begin() + static_cast<std::ptrdiff_t>(end));
  delivered_ = end;
  const Outcome outcome = hello_.from_client(Bytes{record}, facts).outcome;
  if (facts.host_source == NameSource::kTlsSni) facts.host_source = NameSource::kQuicSni;
  return outcome;
}

}  // namespace weir::classifier
