// SPDX-License-Identifier: Apache-2.0
// What tests of mail need: base64 with lines, the SHA-256 of known bytes, small files of several types.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::test {

inline std::string base64(std::string_view bytes, std::size_t line_bytes = 76) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= bytes.size() - i ? kAlphabet[group >> (18 - 6 * k) & 0x3fU] : '=';
    column += 4;
    if (line_bytes > 0 && column >= line_bytes) {
      out += "\r\n";
      column = 0;
    }
  }
  return out;
}

inline std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned count = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &count, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < count; ++i) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += kHex[digest[i] >> 4U];
    out += kHex[digest[i] & 0xfU];
  }
  return out;
}

/// `value` in `count` bytes, the lowest first.
inline std::string little_endian(std::uint64_t value, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
  return out;
}

/// A ZIP member that is stored.
inline std::string zip_member(std::string_view name, std::string_view content, unsigned flags = 0) {
  const bool size_follows = (flags & 8U) != 0;
  return "PK\x03\x04" + little_endian(20, 2) + little_endian(flags, 2) + std::string(2 + 4, '\0') +
         std::string(4, '\x11') + little_endian(size_follows ? 0 : content.size(), 4) +
         little_endian(size_follows ? 0 : content.size(), 4) + little_endian(name.size(), 2) +
         little_endian(0, 2) + std::string(name) + std::string(content);
}

inline std::string pe_file() {
  std::string out = "MZ" + std::string(0x3a, '\0') + little_endian(0x80, 4);
  out.resize(0x80, '\x20');
  return out + std::string("PE\0\0\x64\x86", 6) + std::string(400, '\x90');
}

}  // namespace weir::test
