// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/intervals.h"

namespace weir::policy {
namespace {

constexpr std::uint64_t kMappedV4 = 0xffff'0000'0000;  // ::ffff:0.0.0.0, the lower half

std::uint64_t number_at(const IpAddress& address, std::size_t first) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8U | address.bytes()[first + i];
  return number;
}

Wide number_of(const IpAddress& address) { return {number_at(address, 0), number_at(address, 8)}; }

/// The bits of a half behind a prefix of so many bits.
std::uint64_t behind(unsigned prefix_bits) {
  return prefix_bits >= 64 ? 0 : ~std::uint64_t{0} >> prefix_bits;
}

}  // namespace

void AddressIntervals::Subnets::add(const Subnet& subnet, std::uint32_t id) {
  const Wide first = number_of(subnet.base);
  const unsigned bits = subnet.prefix_bits;
  const Wide last{first.high | behind(bits), first.low | behind(bits > 64 ? bits - 64U : 0U)};
  v6.push_back({first, last, id});
  // What holds a mapped address holds that IPv4 address: ::/0 holds them all.
  const Wide v4_first = std::max(first, Wide{0, kMappedV4});
  const Wide v4_last = std::min(last, Wide{0, kMappedV4 | 0xffff'ffff});
  if (v4_first > v4_last) return;
  v4.push_back({static_cast<std::uint32_t>(v4_first.low), static_cast<std::uint32_t>(v4_last.low), id});
}

std::size_t AddressIntervals::find(const IpAddress& address) const noexcept {
  const Wide number = number_of(address);
  if (number.high == 0 && number.low >> 32U == kMappedV4 >> 32U)
    return v4_.find(static_cast<std::uint32_t>(number.low));
  return v4_.size() + v6_.find(number);
}

}  // namespace weir::policy
