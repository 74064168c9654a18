// SPDX-License-Identifier: Apache-2.0
// The two ends of a packet into its flow key, the lower (address, port) first, and the key's hash. Shared by
// the ways of parsing; always inline, since the calls would cost as much as what they do.
#pragma once

#include <array>
#include <bit>
#include <cstring>

#include "dataplane/packet/packet_meta.h"

namespace weir::dataplane {

/// An address as two words whose bytes in memory are the address; written and read whole, so that the
/// processor need not wait for a store to leave before the bytes can be loaded again.
struct Address {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  /// As one compares the bytes.
  [[nodiscard]] bool operator<(const Address& other) const noexcept {
    if (first != other.first) return network_order_64(first) < network_order_64(other.first);
    return network_order_64(second) < network_order_64(other.second);
  }
  bool operator==(const Address&) const noexcept = default;
  [[nodiscard]] std::array<std::uint8_t, 16> bytes() const noexcept {
    return std::bit_cast<std::array<std::uint8_t, 16>>(*this);
  }
  [[nodiscard]] static std::uint64_t network_order_64(std::uint64_t word) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
  }
};

[[nodiscard, gnu::always_inline]] inline Address mapped_address(Bytes bytes) noexcept {
  Address address;
  if (bytes.size() == 4) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, bytes.data(), sizeof(v4));
    constexpr bool kLittle = std::endian::native == std::endian::little;
    address.second =
        kLittle ? (std::uint64_t{v4} << 32U) | 0xffff'0000U : std::uint64_t{v4} | 0xffff'0000'0000U;
    return address;
  }
  std::memcpy(&address.first, bytes.data(), sizeof(address.first));
  std::memcpy(&address.second, bytes.data() + sizeof(address.first), sizeof(address.second));
  return address;
}

/// Addresses and ports of the key, and which of them is the source.
[[gnu::always_inline]] inline void set_ends(PacketMeta& meta, Address source, Address destination,
                                            std::uint16_t source_port,
                                            std::uint16_t destination_port) noexcept {
  const bool low = source < destination || (source == destination && source_port <= destination_port);
  meta.source_is_low = low;
  meta.key.low_address = (low ? source : destination).bytes();
  meta.key.high_address = (low ? destination : source).bytes();
  meta.key.low_port = low ? source_port : destination_port;
  meta.key.high_port = low ? destination_port : source_port;
}

[[nodiscard]] inline std::uint64_t little_endian(const std::uint8_t* bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

/// Both halves of the 128-bit product, combined.
[[nodiscard]] inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// hash_of, in place.
[[nodiscard, gnu::always_inline]] inline std::uint32_t hash_key(const FlowKey& key,
                                                                std::uint32_t seed) noexcept {
  // Three products that do not wait for each other, folded to 64 bits, and one that mixes them. Each factor
  // is covered by the seed, so that nobody outside can choose a zero or find colliding keys.
  constexpr std::uint64_t kStep = 0x9fb2'1c65'1e98'df25U;
  constexpr std::array<std::uint64_t, 6> kCover = {0xc2b2'ae3d'27d4'eb4fU, 0xa076'1d64'78bd'642fU,
                                                   0xe703'7ed1'a0b4'28dbU, 0x8ebc'6af0'9c88'c6e3U,
                                                   0x5899'65cc'7537'4cc3U, 0x1d8e'4e27'c47d'124fU};
  const std::uint64_t own = (std::uint64_t{seed} + 1) * kStep;
  const std::uint64_t ends = (std::uint64_t{key.low_port} << 48U) | (std::uint64_t{key.high_port} << 32U) |
                             (std::uint64_t{key.vlan} << 16U) | (std::uint64_t{key.protocol} << 8U) |
                             key.pair;
  const auto word = [&](const std::array<std::uint8_t, 16>& address, std::size_t half, std::size_t cover) {
    return little_endian(address.data() + 8 * half) ^ kCover[cover] ^ own;
  };
  const std::uint64_t low = folded_product(word(key.low_address, 0, 0), word(key.low_address, 1, 1));
  const std::uint64_t high = folded_product(word(key.high_address, 0, 2), word(key.high_address, 1, 3));
  const std::uint64_t rest = folded_product(ends ^ kCover[4] ^ own, kCover[5]);
  const std::uint64_t hash = folded_product(low ^ std::rotl(high, 32) ^ rest, kStep);
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

}  // namespace weir::dataplane
