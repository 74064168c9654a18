// SPDX-License-Identifier: Apache-2.0
// Fingerprints of a ClientHello: JA3 (salesforce/ja3) and JA4, the client fingerprint of the JA4 family that
// is under the BSD licence (FoxIO, technical_details/JA4). None of the others of that family.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

enum class TlsTransport : std::uint8_t { kTcp, kDtls, kQuic };

/// RFC 8701: values that mean nothing and that both fingerprints leave out.
[[nodiscard]] constexpr bool is_grease(std::uint16_t value) {
  return (value & 0x0f0fU) == 0x0a0aU && (value >> 8U) == (value & 0xffU);
}

/// The numbers of one ClientHello in the order of the wire, GREASE left out.
struct HelloNumbers {
  std::uint16_t version = 0;  // legacy_version
  std::vector<std::uint16_t> ciphers{};
  std::vector<std::uint16_t> extensions{};
  std::vector<std::uint16_t> groups{};
  std::vector<std::uint8_t> point_formats{};
  std::vector<std::uint16_t> signature_algorithms{};
  std::vector<std::uint16_t> versions{};  // of supported_versions
  std::string alpn{};                     // the first protocol, as it came
};

/// Of the body of a ClientHello (from legacy_version on) whose lengths were found to add up. What does not is
/// left out.
[[nodiscard]] HelloNumbers hello_numbers(Bytes body, TlsTransport transport);

/// "version,ciphers,extensions,groups,point formats", what JA3 hashes.
[[nodiscard]] std::string ja3_text(const HelloNumbers& numbers);
[[nodiscard]] std::string ja3(const HelloNumbers& numbers);
[[nodiscard]] std::string ja4(const HelloNumbers& numbers, TlsTransport transport);

}  // namespace weir::classifier
