// SPDX-License-Identifier: Apache-2.0
// Hashes of addresses for tables that hostile peers fill: keyed at random, so that nobody can choose
// addresses that collide.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <random>

#include "policy/model/ip_address.h"

namespace weir::classifier {

[[nodiscard]] inline std::uint64_t hash_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32U | device();
  }();
  return seed;
}

/// One round of keyed mixing: multiply, then fold the high half down (MurmurHash3's finaliser, public
/// domain).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0xff51afd7ed558ccdU;
  hash = (hash ^ hash >> 33U) * 0xc4ceb9fe1a85ec53U;
  return hash ^ hash >> 33U;
}

[[nodiscard]] inline std::uint64_t hash_of(const std::array<std::uint8_t, 16>& bytes,
                                           std::uint64_t more = 0) {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), bytes.data(), sizeof(words));
  return mix(mix(mix(hash_seed(), words[0]), words[1]), more);
}

struct AddressHash {
  std::size_t operator()(const IpAddress& address) const { return hash_of(address.bytes()); }
};

}  // namespace weir::classifier
