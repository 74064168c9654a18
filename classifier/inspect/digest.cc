// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace weir::classifier {

namespace {

using Algorithm = std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Algorithm fetched(const char* name) {
  static_cast<void>(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr));
  return {EVP_MD_fetch(nullptr, name, nullptr), &EVP_MD_free};
}

std::string hex(const EVP_MD* algorithm, std::string_view text, std::size_t digits) {
  thread_local const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  if (algorithm == nullptr || !context || EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), text.data(), text.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), out.data(), &length) != 1) {
    return {};
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown(std::min<std::size_t>(digits, 2U * length), '0');
  for (std::size_t i = 0; i < shown.size(); ++i) {
    shown[i] = kDigits[(out[i / 2] >> (i % 2 == 0 ? 4U : 0U)) & 0xfU];
  }
  return shown;
}

}  // namespace

std::string md5_hex(std::string_view text) {
  static const Algorithm algorithm = fetched("MD5");
  return hex(algorithm.get(), text, 32);
}

std::string sha256_hex(std::string_view text, std::size_t digits) {
  static const Algorithm algorithm = fetched("SHA256");
  return hex(algorithm.get(), text, digits);
}

}  // namespace weir::classifier
