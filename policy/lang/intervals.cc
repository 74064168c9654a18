// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/intervals.h"

namespace weir::policy {

void AddressIntervals::Subnets::add(const Subnet& subnet, std::uint32_t id) {
  const Wide first = wide(subnet.base);
  const Wide behind = behind_prefix(subnet.prefix_bits);
  const Wide last{first.high | behind.high, first.low | behind.low};
  v6.push_back({first, last, id});
  // What holds a mapped address holds that IPv4 address: ::/0 holds them all.
  const Wide v4_first = std::max(first, Wide{0, kMappedV4});
  const Wide v4_last = std::min(last, Wide{0, kMappedV4 | 0xffff'ffff});
  if (v4_first > v4_last) return;
  v4.push_back({static_cast<std::uint32_t>(v4_first.low), static_cast<std::uint32_t>(v4_last.low), id});
}

std::size_t AddressIntervals::find(const IpAddress& address) const noexcept {
  const Wide number = wide(address);
  if (is_mapped_v4(number)) return v4_.find(static_cast<std::uint32_t>(number.low));
  return v4_.size() + v6_.find(number);
}

}  // namespace weir::policy
