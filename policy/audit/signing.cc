// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/signing.h"

#include <sodium.h>

#include <array>
#include <utility>

namespace weir::policy {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

/// Chooses the implementations that fit this processor; without it the portable ones work.
void prepare() {
  static const int kReady = sodium_init();
  static_cast<void>(kReady);
}

}  // namespace

std::string hash_of(std::initializer_list<std::string_view> parts, std::string_view key) {
  prepare();
  crypto_generichash_state state;
  crypto_generichash_init(&state, key.empty() ? nullptr : bytes_of(key), key.size(),
                          crypto_generichash_BYTES);
  for (const std::string_view part : parts) {
    std::array<unsigned char, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
      length[i] = static_cast<unsigned char>(std::uint64_t{part.size()} >> (8 * i));
    crypto_generichash_update(&state, length.data(), length.size());
    crypto_generichash_update(&state, bytes_of(part), part.size());
  }
  std::string hash(crypto_generichash_BYTES, '\0');
  crypto_generichash_final(&state, bytes_of(hash), hash.size());
  return hex(hash);
}

std::string random_bytes(std::size_t count) {
  prepare();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text.push_back(kDigits[static_cast<unsigned char>(byte) >> 4U]);
    text.push_back(kDigits[static_cast<unsigned char>(byte) & 15U]);
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string bytes(text.size() / 2, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(bytes_of(bytes), bytes.size(), text.data(), text.size(), nullptr, &size, &end) != 0 ||
      size * 2 != text.size() || end != text.data() + text.size() || hex(bytes) != text) {
    return std::nullopt;
  }
  return bytes;
}

std::string sha256(std::string_view bytes) {
  std::string hash(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256(bytes_of(hash), bytes_of(bytes), bytes.size());
  return hex(hash);
}

SigningKey::SigningKey(std::string secret, std::string public_key)
    : secret_(std::move(secret)), public_key_(std::move(public_key)) {}
SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(std::exchange(other.secret_, {})), public_key_(std::move(other.public_key_)) {}
SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
  auto bytes = from_hex(seed);
  if (!bytes || bytes->size() != crypto_sign_SEEDBYTES)
    return failure(ErrorCode::kCorrupt, "a signing key is not 64 hexadecimal digits");
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  crypto_sign_seed_keypair(bytes_of(public_key), bytes_of(secret), bytes_of(*bytes));
  sodium_memzero(bytes->data(), bytes->size());
  return SigningKey{std::move(secret), hex(public_key)};
}

std::string SigningKey::sign(std::string_view text) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(bytes_of(signature), nullptr, bytes_of(text), text.size(), bytes_of(secret_));
  return hex(signature);
}

bool is_signed(std::string_view text, std::string_view signature, std::string_view public_key) {
  const auto given = from_hex(signature);
  const auto key = from_hex(public_key);
  return given && key && given->size() == crypto_sign_BYTES && key->size() == crypto_sign_PUBLICKEYBYTES &&
         crypto_sign_verify_detached(bytes_of(*given), bytes_of(text), text.size(), bytes_of(*key)) == 0;
}

}  // namespace weir::policy
