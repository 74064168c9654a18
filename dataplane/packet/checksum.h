// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071). Sums are kept in the machine's byte order and 64 bits wide: the one's
// complement sum does not depend on the byte order, and the carries of up to 2^32 words fit.
#pragma once

#include <bit>
#include <cstring>

#include "policy/model/byte_reader.h"

namespace weir::dataplane {

/// A network-order 16-bit quantity with this value, as it would be read by the machine.
[[nodiscard]] inline std::uint16_t network_order(std::uint16_t value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    return static_cast<std::uint16_t>((value << 8U) | (value >> 8U));
  }
  return value;
}

/// Adds `bytes` to `sum`; an odd last byte counts as if a zero followed, so only the last part may be odd.
[[nodiscard]] inline std::uint64_t checksum_add(std::uint64_t sum, Bytes bytes) noexcept {
  const std::uint8_t* p = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    sum += (word & 0xffff'ffffU) + (word >> 32U);
  }
  // Loads of their full width: a load over several smaller stores would wait for them.
  if ((left & 4U) != 0) {
    std::uint32_t word = 0;
    std::memcpy(&word, p, sizeof(word));
    sum += word;
    p += sizeof(word);
  }
  if ((left & 2U) != 0) {
    std::uint16_t word = 0;
    std::memcpy(&word, p, sizeof(word));
    sum += word;
    p += sizeof(word);
  }
  if ((left & 1U) != 0) sum += std::endian::native == std::endian::little ? *p : std::uint64_t{*p} << 8U;
  return sum;
}

/// To 16 bits, machine order. Over bytes that hold their own right checksum it is 0xffff.
[[nodiscard]] inline std::uint16_t checksum_fold(std::uint64_t sum) noexcept {
  sum = (sum & 0xffff'ffffU) + (sum >> 32U);
  sum = (sum & 0xffff'ffffU) + (sum >> 32U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(sum);
}

/// The pseudo header of TCP, UDP and ICMPv6 (RFC 9293 section 3.1, RFC 8200 section 8.1). `addresses` are
/// source and destination as they stand in the IP header.
[[nodiscard]] inline std::uint64_t pseudo_header_sum(Bytes addresses, std::uint8_t protocol,
                                                     std::size_t length) noexcept {
  const std::uint64_t sum = checksum_add(0, addresses) + network_order(protocol);
  return sum + network_order(static_cast<std::uint16_t>(length)) +
         network_order(static_cast<std::uint16_t>(length >> 16U));
}

}  // namespace weir::dataplane
