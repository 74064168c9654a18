// SPDX-License-Identifier: Apache-2.0
#include "policy/console/totp.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace weir::console {

std::string totp_code(std::string_view key, std::int64_t step, int digits) {
  std::array<unsigned char, 8> message{};
  auto rest = static_cast<std::uint64_t>(step);
  for (std::size_t i = message.size(); i-- > 0; rest >>= 8U) message[i] = static_cast<unsigned char>(rest);
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned int size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), mac.data(),
       &size);
  const std::size_t at = mac[size - 1] & 0x0FU;  // RFC 4226, 5.3
  const std::uint32_t whole = (std::uint32_t{mac[at]} & 0x7FU) << 24U | std::uint32_t{mac[at + 1]} << 16U |
                              std::uint32_t{mac[at + 2]} << 8U | mac[at + 3];
  std::uint32_t modulus = 1;
  for (int i = 0; i < digits; ++i) modulus *= 10;
  return fmt::format("{:0{}}", whole % modulus, digits);
}

std::optional<std::int64_t> totp_step(std::string_view key, std::string_view code, std::int64_t after,
                                      TimeNs now) {
  const std::int64_t present = now / kTotpStep;
  std::optional<std::int64_t> found;
  for (std::int64_t step = present - kTotpSlack; step <= present + kTotpSlack; ++step) {
    const std::string right = totp_code(key, step);
    const bool same =
        code.size() == right.size() && CRYPTO_memcmp(code.data(), right.data(), right.size()) == 0;
    if (same && step > after) found = step;
  }
  return found;
}

std::string base32(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char byte : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(byte);
    for (held += 8; held >= 5; held -= 5) text += kDigits[bits >> (held - 5) & 31U];
  }
  if (held > 0) text += kDigits[bits << (5 - held) & 31U];
  return text;
}

std::string totp_uri(std::string_view appliance, std::string_view account, std::string_view key) {
  return fmt::format("otpauth://totp/Weir%20{}:{}?secret={}&issuer=Weir%20{}", appliance, account,
                     base32(key), appliance);
}

}  // namespace weir::console
