// SPDX-License-Identifier: Apache-2.0
// BLAKE2b-256 and Ed25519 in the few forms that Weir needs them (libsodium). Hashes, keys and signatures are
// lower-case hexadecimal.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kHashDigits = 64;
inline constexpr std::size_t kSignatureDigits = 128;

/// Of parts, each with its length, so that no byte can go over from one part to the next. `key`: of at most
/// 64 bytes; empty: none.
[[nodiscard]] std::string hash_of(std::initializer_list<std::string_view> parts, std::string_view key = {});
[[nodiscard]] std::string random_bytes(std::size_t count);
[[nodiscard]] std::string hex(std::string_view bytes);
/// nullopt: not what `hex` makes; upper case is another text, and would be a change that nobody sees.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);
[[nodiscard]] std::string sha256(std::string_view bytes);

/// Who signs. Its memory is wiped when it goes.
class SigningKey {
 public:
  /// kCorrupt: not 64 hexadecimal digits.
  [[nodiscard]] static Result<SigningKey> from_seed(std::string_view seed);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) = delete;
  ~SigningKey();
  [[nodiscard]] std::string sign(std::string_view text) const;
  [[nodiscard]] const std::string& public_key() const { return public_key_; }

 private:
  SigningKey(std::string secret, std::string public_key);
  std::string secret_;
  std::string public_key_;
};

[[nodiscard]] bool is_signed(std::string_view text, std::string_view signature, std::string_view public_key);

}  // namespace weir::policy
