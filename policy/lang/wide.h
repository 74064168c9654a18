// SPDX-License-Identifier: Apache-2.0
// Addresses as numbers.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>

#include "policy/model/ip_address.h"

namespace weir::policy {

struct Wide {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Wide&) const = default;
};

inline constexpr std::uint64_t kMappedV4 = 0xffff'0000'0000;  // ::ffff:0.0.0.0, the lower half

[[nodiscard]] inline Wide wide(const IpAddress& address) {
  static_assert(std::endian::native == std::endian::little);
  Wide number;
  std::memcpy(&number.high, address.bytes().data(), 8);
  std::memcpy(&number.low, address.bytes().data() + 8, 8);
  return {__builtin_bswap64(number.high), __builtin_bswap64(number.low)};
}
[[nodiscard]] inline bool is_mapped_v4(const Wide& number) {
  return number.high == 0 && number.low >> 32U == kMappedV4 >> 32U;
}

/// The bits of each half that lie behind a prefix of 0 to 128 bits.
[[nodiscard]] inline Wide behind_prefix(unsigned bits) {
  const auto half = [](unsigned prefix) { return prefix >= 64 ? 0 : ~std::uint64_t{0} >> prefix; };
  return {half(bits), half(bits > 64 ? bits - 64 : 0)};
}

}  // namespace weir::policy
