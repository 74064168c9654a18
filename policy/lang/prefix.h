// SPDX-License-Identifier: Apache-2.0
// Subnets as numbers that a hash table can hold: an address is looked up once for each length of prefix that
// occurs. Internal to the indices of policy/lang.
#pragma once

#include <algorithm>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <vector>

#include "policy/model/ip_address.h"

namespace weir::policy {

/// The first `bits` of an address in network order, the others 0.
struct Prefix {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::uint8_t bits = 0;  // 0..128
  auto operator<=>(const Prefix&) const = default;

  static Prefix of(const IpAddress& address, std::uint8_t bits) {
    const auto half = [&](std::size_t at) {
      std::uint64_t word = 0;
      std::memcpy(&word, address.bytes().data() + at, sizeof word);
      return std::endian::native == std::endian::little ? __builtin_bswap64(word) : word;
    };
    const auto mask = [](int of_half) {
      return of_half <= 0 ? 0 : of_half >= 64 ? ~std::uint64_t{0} : ~std::uint64_t{0} << (64 - of_half);
    };
    return {half(0) & mask(bits), half(8) & mask(bits - 64), bits};
  }
  static Prefix of(const Subnet& subnet) { return of(subnet.base, subnet.prefix_bits); }

  [[nodiscard]] std::uint64_t hash() const {
    std::uint64_t state = (high ^ bits) * 0x9e37'79b9'7f4a'7c15U;
    state = (state ^ state >> 32U ^ low) * 0xd6e8'feb8'6659'fd93U;
    return state ^ state >> 32U;
  }
};

/// The lengths of prefixes that occur, for addresses of IPv4 and of IPv6 apart.
class PrefixLengths {
 public:
  void add(const Subnet& subnet) {
    const bool v4_alone = subnet.base.is_v4() && subnet.prefix_bits >= kMappedBits;
    const bool holds_v4 = v4_alone || subnet.contains(IpAddress::v4(std::array<std::uint8_t, 4>{}));
    if (holds_v4) add(v4_, subnet.prefix_bits);
    if (!v4_alone) add(v6_, subnet.prefix_bits);
  }
  [[nodiscard]] const std::vector<std::uint8_t>& of(const IpAddress& address) const {
    return address.is_v4() ? v4_ : v6_;
  }

 private:
  static constexpr std::uint8_t kMappedBits = 96;  // RFC 4291 section 2.5.5.2
  static void add(std::vector<std::uint8_t>& lengths, std::uint8_t bits) {
    if (std::find(lengths.begin(), lengths.end(), bits) == lengths.end()) lengths.push_back(bits);
  }

  std::vector<std::uint8_t> v4_;
  std::vector<std::uint8_t> v6_;
};

/// A number for each of some prefixes, and for none of the others.
class PrefixTable {
 public:
  /// What the prefix has already stays.
  void try_add(const Prefix& prefix, std::uint16_t number) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slots_[place_of(prefix)];
    if (slot.taken) return;
    slot = {prefix, number, true};
    ++used_;
  }
  [[nodiscard]] const std::uint16_t* find(const Prefix& prefix) const {
    const Slot& slot = slots_[place_of(prefix)];
    return slot.taken ? &slot.number : nullptr;
  }

 private:
  struct Slot {
    Prefix prefix;
    std::uint16_t number = 0;
    bool taken = false;
  };
  [[nodiscard]] std::size_t place_of(const Prefix& prefix) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = prefix.hash() & mask;
    while (slots_[at].taken && slots_[at].prefix != prefix) at = (at + 1) & mask;  // ends: half are free
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.taken) slots_[place_of(slot.prefix)] = slot;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(2);  // a power of two, at most half of them taken
  std::size_t used_ = 0;
};

}  // namespace weir::policy
