// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/password_hash.h"

#include <sodium.h>

#include <array>
#include <semaphore>

namespace weir::policy {
namespace {

constexpr unsigned long long kPasses = 3;
constexpr std::size_t kMemoryBytes = 64U << 20U;

class HashTurn {
 public:
  HashTurn() { turns().acquire(); }
  ~HashTurn() { turns().release(); }
  HashTurn(const HashTurn&) = delete;
  HashTurn& operator=(const HashTurn&) = delete;

 private:
  static std::counting_semaphore<kHashesAtOnce>& turns() {
    static std::counting_semaphore<kHashesAtOnce> all{kHashesAtOnce};
    return all;
  }
};

bool can_hash() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  const HashTurn turn;
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (!can_hash() || crypto_pwhash_str_alg(text.data(), password.data(), password.size(), kPasses,
                                           kMemoryBytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return failure(ErrorCode::kLimit, "no memory to hash a password");
  }
  return std::string{text.data()};
}

bool fits_password(const std::string& hash, std::string_view password) {
  static const std::string kNobodys = hash_password("nobody's").value_or("");
  const HashTurn turn;
  const bool known = hash.starts_with("$argon2id$") && hash.size() < crypto_pwhash_STRBYTES;
  const std::string& compared = known ? hash : kNobodys;
  const bool fits =
      can_hash() && crypto_pwhash_str_verify(compared.c_str(), password.data(), password.size()) == 0;
  return fits && known;
}

}  // namespace weir::policy
