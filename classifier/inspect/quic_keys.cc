// SPDX-License-Identifier: Apache-2.0
// OpenSSL's algorithms are fetched once and its contexts reused: looking them up costs more than the work.
#include "classifier/inspect/quic_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace weir::classifier {

namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSampleBytes = 16;
constexpr std::size_t kHmacBlockBytes = 64;
constexpr std::uint32_t kVersion1 = 1;
constexpr std::uint32_t kVersion2 = 0x6b3343cf;
constexpr std::uint32_t kVersion2Draft = 0xff020000;

using Salt = std::array<std::uint8_t, 20>;
using Secret = std::array<std::uint8_t, 32>;

/// RFC 9001 section 5.2, RFC 9369 section 3.3.1, draft-ietf-quic-v2-00, draft-ietf-quic-tls-29, -23 and -22
/// section 5.2; Google's are in quiche (quic/core/crypto/crypto_utils.cc).
constexpr Salt kSalt1 = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                         0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt kSalt2 = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                         0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr Salt kSalt2Draft = {0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
                              0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3};
constexpr Salt kSalt29 = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                          0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt kSalt23 = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                          0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr Salt kSalt22 = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                          0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
constexpr Salt kSaltQ050 = {0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
                            0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45};
constexpr Salt kSaltT050 = {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
                            0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10};
constexpr Salt kSaltT051 = {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
                            0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d};

const std::array<QuicVersion, 22> kVersions = {{
    {.number = kVersion1, .salt = kSalt1},
    {.number = kVersion2, .salt = kSalt2, .second = true},
    {.number = kVersion2Draft, .salt = kSalt2Draft, .second = true},
    {.number = 0xff000016, .salt = kSalt22},
    {.number = 0xff000017, .salt = kSalt23},
    {.number = 0xff000018, .salt = kSalt23},
    {.number = 0xff000019, .salt = kSalt23},
    {.number = 0xff00001a, .salt = kSalt23},
    {.number = 0xff00001b, .salt = kSalt23},
    {.number = 0xff00001c, .salt = kSalt23},
    {.number = 0xff00001d, .salt = kSalt29},
    {.number = 0xff00001e, .salt = kSalt29},
    {.number = 0xff00001f, .salt = kSalt29},
    {.number = 0xff000020, .salt = kSalt29},
    {.number = 0xff000021, .salt = kSalt1},
    {.number = 0xff000022, .salt = kSalt1},
    {.number = 0xfaceb001, .salt = kSalt22},
    {.number = 0xfaceb002, .salt = kSalt23},
    {.number = 0xfaceb00e, .salt = kSalt23},
    {.number = 0x51303530, .salt = kSaltQ050, .google_frames = true, .chlo = true},
    {.number = 0x54303530, .salt = kSaltT050, .google_frames = true},
    {.number = 0x54303531, .salt = kSaltT051, .google_frames = true},
}};

struct Library {
  // Without NO_LOAD_CONFIG the library would read its configuration file at first use, which the sandbox does
  // not allow.
  int ready = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256{EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                         &EVP_MD_free};
  std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> ecb{
      EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr), &EVP_CIPHER_free};
  std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> gcm{
      EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr), &EVP_CIPHER_free};
};
const Library& library() {
  static const Library found;
  return found;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Secret sha256(Bytes a, Bytes b) {
  thread_local const DigestContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Secret out{};
  if (EVP_DigestInit_ex2(context.get(), library().sha256.get(), nullptr) == 1) {
    EVP_DigestUpdate(context.get(), a.data(), a.size());
    EVP_DigestUpdate(context.get(), b.data(), b.size());
    EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
  }
  return out;
}

/// RFC 2104; `key` is not longer than a block.
Secret hmac(Bytes key, Bytes text) {
  std::array<std::uint8_t, kHmacBlockBytes> inner{};
  std::copy(key.begin(), key.end(), inner.begin());
  std::array<std::uint8_t, kHmacBlockBytes> outer = inner;
  for (auto& byte : inner) byte = static_cast<std::uint8_t>(byte ^ 0x36U);
  for (auto& byte : outer) byte = static_cast<std::uint8_t>(byte ^ 0x5cU);
  return sha256(Bytes{outer}, Bytes{sha256(Bytes{inner}, text)});
}

/// HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context, for at most 32 bytes.
Secret expand(const Secret& secret, std::string_view label, std::uint8_t bytes) {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 32> info{};  // the longest label has ten letters
  std::size_t at = 0;
  info[at++] = 0;
  info[at++] = bytes;
  info[at++] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  for (const char c : kPrefix) info[at++] = static_cast<std::uint8_t>(c);
  for (const char c : label) info[at++] = static_cast<std::uint8_t>(c);
  info[at++] = 0;
  info[at++] = 1;
  return hmac(Bytes{secret}, Bytes{info}.first(at));
}

template <std::size_t N>
std::array<std::uint8_t, N> first_of(const Secret& secret) {
  std::array<std::uint8_t, N> out{};
  std::copy_n(secret.begin(), N, out.begin());
  return out;
}

/// The five bytes that cover the header (RFC 9001 section 5.4.3).
std::optional<std::array<std::uint8_t, 32>> header_mask(Bytes sample, const QuicKeys& keys) {
  thread_local const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::array<std::uint8_t, 32> mask{};
  int length = 0;
  if (EVP_EncryptInit_ex2(context.get(), library().ecb.get(), keys.header.data(), nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(context.get(), mask.data(), &length, sample.data(), kSampleBytes) != 1) {
    return std::nullopt;
  }
  return mask;
}

}  // namespace

const QuicVersion* quic_version(std::uint32_t number) {
  const auto* found = std::find_if(kVersions.begin(), kVersions.end(),
                                   [number](const QuicVersion& version) { return version.number == number; });
  return found == kVersions.end() ? nullptr : found;
}

QuicPacketType quic_packet_type(std::uint8_t first, const QuicVersion& version) {
  const unsigned bits = (first >> 4U) & 3U;
  return static_cast<QuicPacketType>(version.second ? (bits + 3U) & 3U : bits);
}

std::uint64_t quic_integer(ByteReader& reader) {
  const std::uint8_t first = reader.u8();
  std::uint64_t value = first & 0x3fU;
  for (unsigned left = (1U << (first >> 6U)) - 1U; left > 0; --left) value = (value << 8U) | reader.u8();
  return value;
}

QuicKeys quic_keys(const QuicVersion& version, Bytes connection_id) {
  const Secret client = expand(hmac(version.salt, connection_id), "client in", 32);
  QuicKeys keys;
  keys.key = first_of<16>(expand(client, version.second ? "quicv2 key" : "quic key", 16));
  keys.iv = first_of<12>(expand(client, version.second ? "quicv2 iv" : "quic iv", 12));
  keys.header = first_of<16>(expand(client, version.second ? "quicv2 hp" : "quic hp", 16));
  return keys;
}

std::optional<std::vector<std::uint8_t>> open_quic_packet(Bytes packet, std::size_t number_at,
                                                          const QuicKeys& keys) {
  if (packet.size() < number_at + 4 + kSampleBytes) return std::nullopt;
  const auto mask = header_mask(packet.subspan(number_at + 4, kSampleBytes), keys);
  if (!mask) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(packet[0] ^ ((*mask)[0] & 0x0fU));
  const std::size_t number_bytes = (first & 0x03U) + 1U;
  std::array<std::uint8_t, 4> number{};
  std::array<std::uint8_t, 12> nonce = keys.iv;
  for (std::size_t i = 0; i < number_bytes; ++i) {
    number[i] = static_cast<std::uint8_t>(packet[number_at + i] ^ (*mask)[i + 1]);
    nonce[12 - number_bytes + i] = static_cast<std::uint8_t>(nonce[12 - number_bytes + i] ^ number[i]);
  }
  const Bytes sealed = packet.subspan(number_at + number_bytes);
  const Bytes text =
      sealed.first(sealed.size() - kTagBytes);  // there are 16 bytes of sample behind the number
  std::array<std::uint8_t, kTagBytes> tag{};
  std::copy(sealed.end() - kTagBytes, sealed.end(), tag.begin());
  std::vector<std::uint8_t> plain(text.size());
  thread_local const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  EVP_CIPHER_CTX* cipher = context.get();
  int length = 0;
  const auto covered = [&](Bytes bytes) {  // the header, as it was before it was covered
    return EVP_DecryptUpdate(cipher, nullptr, &length, bytes.data(), static_cast<int>(bytes.size())) == 1;
  };
  const bool opened =
      EVP_DecryptInit_ex2(cipher, library().gcm.get(), keys.key.data(), nonce.data(), nullptr) == 1 &&
      covered(Bytes{&first, 1}) && covered(packet.subspan(1, number_at - 1)) &&
      covered(Bytes{number}.first(number_bytes)) &&
      EVP_DecryptUpdate(cipher, plain.data(), &length, text.data(), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher, tag.data(), &length) == 1;
  return opened ? std::optional(std::move(plain)) : std::nullopt;
}

}  // namespace weir::classifier
