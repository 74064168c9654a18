// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/steering.h"

#include <bit>
#include <cstring>

#include "dataplane/packet/ethernet.h"
#include "dataplane/packet/fields.h"
#include "policy/model/icmp_error.h"
#include "policy/model/ip_address.h"

namespace weir::dataplane {
namespace {

constexpr std::size_t kIpv6Bytes = 40;
constexpr std::size_t kIcmpBytes = 8;

/// Toeplitz: the sum (exclusive or) of the key turned by the place of each bit that is set, first bit first.
/// Only the bits of a bucket's number are kept, and the sum of two bytes is the sum of their sums.
constexpr std::array<std::array<std::uint8_t, 256>, 2> toeplitz_tables() {
  std::array<std::array<std::uint8_t, 256>, 2> tables{};
  for (unsigned byte = 0; byte < 2; ++byte) {
    for (unsigned value = 0; value < 256; ++value) {
      std::uint16_t sum = 0;
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((value >> (7 - bit) & 1U) != 0) {
          sum = static_cast<std::uint16_t>(sum ^ std::rotl(kSteeringKey, static_cast<int>(8 * byte + bit)));
        }
      }
      tables[byte][value] = static_cast<std::uint8_t>(sum % kSteeringBuckets);
    }
  }
  return tables;
}
constexpr auto kTables = toeplitz_tables();

/// Both bytes of the address's 16-bit words, each summed: the key is the same for all words.
std::uint16_t folded(Bytes address) noexcept {
  std::uint64_t sum = 0;
  if (address.size() == 16) {
    std::uint64_t second = 0;
    std::memcpy(&sum, address.data(), sizeof(sum));
    std::memcpy(&second, address.data() + sizeof(sum), sizeof(second));
    sum ^= second;
  } else if (address.size() == 4) {
    std::uint32_t v4 = 0;
    std::memcpy(&v4, address.data(), sizeof(v4));
    sum = v4;
  }
  sum ^= sum >> 32U;
  sum ^= sum >> 16U;
  return static_cast<std::uint16_t>(sum);  // its bytes in memory are first and second byte
}

/// The inside host of an ICMP error that an inside router sends: the packet it quotes was on its way to it.
Bytes quoted_destination(Bytes packet, bool ipv6) noexcept {
  const std::size_t header = ipv6 ? kIpv6Bytes : std::size_t{field_u8(packet, 0) & 0x0fU} * 4;
  const std::uint8_t protocol = field_u8(packet, ipv6 ? 6 : 9);
  if (protocol != (ipv6 ? kProtocolIcmpV6 : kProtocolIcmp) ||
      to_icmp_error(ipv6, field_u8(packet, header), field_u8(packet, header + 1)) == IcmpError::kNone) {
    return {};
  }
  if (ipv6) return part(packet, header + kIcmpBytes + 24, 16);
  if ((field_u16(packet, 6) & 0x1fffU) != 0) return {};  // only a first fragment has it
  return part(packet, header + kIcmpBytes + 16, 4);
}

Bytes inside_address(Bytes packet, bool ipv6, bool from_inside) noexcept {
  const std::size_t size = ipv6 ? 16 : 4;
  if (from_inside) {
    const Bytes quoted = quoted_destination(packet, ipv6);
    if (quoted.size() == size) return quoted;
  }
  const std::size_t source = ipv6 ? 8 : 12;
  const Bytes address = part(packet, from_inside ? source : source + size, size);
  return address.size() == size ? address : Bytes{};
}

}  // namespace

std::uint32_t steering_bucket(Bytes address) noexcept {
  const auto bytes = std::bit_cast<std::array<std::uint8_t, 2>>(folded(address));
  return kTables[0][bytes[0]] ^ kTables[1][bytes[1]];
}

Steering::Steering(std::uint32_t workers) noexcept : workers_(workers) {
  for (std::uint32_t bucket = 0; bucket < kSteeringBuckets; ++bucket) {
    owners_[bucket] = static_cast<std::uint8_t>(bucket % workers);
  }
}

std::uint32_t Steering::worker_of(Bytes frame, std::uint8_t port) const noexcept {
  Link link;
  link.ethertype = field_u16(frame, kEthernetBytes - 2);
  link.l3 = kEthernetBytes;
  if (!link.holds_ip() && walk_link(frame, 0, link) != DropReason::kNone) link.ethertype = 0;
  Bytes address;
  if (link.holds_ip()) {
    address = inside_address(part(frame, link.l3), link.ethertype == kEthertypeIpv6, port % 2 == 0);
  }
  if (address.empty()) return port / 2 % workers_;
  return owners_[steering_bucket(address)];
}

}  // namespace weir::dataplane
