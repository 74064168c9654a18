// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/netbios_name.h"

#include <string>
#include <utility>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kEncodedBytes = 32;  // RFC 1001 section 14.1: two letters a byte of the name
constexpr std::size_t kNameBytes = 15;     // the 16th says what the name is for
constexpr std::uint16_t kTypeNb = 0x0020;

/// Reads header, question and the additional record; false when it is no registration.
bool read(Bytes datagram, std::string_view& encoded, bool& group, IpAddress& address) {
  ByteReader reader{datagram};
  reader.skip(2);  // id
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  const std::uint16_t answers = reader.u16();
  reader.skip(2);
  const std::uint16_t additionals = reader.u16();
  const unsigned opcode = (flags >> 11U) & 0x1fU;  // with the response bit: only requests match
  // RFC 1002 section 4.2.1.1: registration, refresh (8, and 9 as Windows sends it), multi-homed (15).
  const bool names = opcode == 5 || opcode == 8 || opcode == 9 || opcode == 15;
  if (!reader.ok() || !names || questions != 1 || answers != 0 || additionals != 1) return false;
  if (reader.u8() != kEncodedBytes) return false;
  encoded = as_text(reader.take(kEncodedBytes));
  // The scope, if any, is further labels; then type and class, and the record: its name is a pointer.
  for (std::uint8_t length = reader.u8(); length != 0; length = reader.u8()) {
    if (length > 63 || !reader.ok()) return false;
    reader.skip(length);
  }
  const std::uint16_t type = reader.u16();
  reader.skip(2 + 2);
  const std::uint16_t record_type = reader.u16();
  reader.skip(2 + 4);
  const std::uint16_t length = reader.u16();
  const std::uint16_t name_flags = reader.u16();
  const Bytes owner = reader.take(4);
  if (!reader.ok() || type != kTypeNb || record_type != kTypeNb || length < 6) return false;
  group = (name_flags & 0x8000U) != 0;
  address = IpAddress::v4(owner.first<4>());
  return true;
}

/// The name without its padding, and its last byte; empty: the letters are none of the encoding.
std::string decode(std::string_view encoded, std::uint8_t& suffix) {
  std::string name;
  for (std::size_t i = 0; i + 1 < encoded.size(); i += 2) {
    const auto high = static_cast<unsigned char>(encoded[i] - 'A');
    const auto low = static_cast<unsigned char>(encoded[i + 1] - 'A');
    if (high > 15 || low > 15) return {};
    name += static_cast<char>(high << 4U | low);
  }
  suffix = static_cast<std::uint8_t>(name.back());
  name.resize(kNameBytes);
  while (!name.empty() && (name.back() == ' ' || name.back() == '\0')) name.pop_back();
  return name;
}

}  // namespace

bool looks_like_netbios_registration(Bytes datagram) {
  std::string_view encoded;
  bool group = false;
  IpAddress address;
  return read(datagram, encoded, group, address);
}

void read_netbios(Bytes datagram, IdentityClaims& claims) {
  constexpr std::uint8_t kWorkstation = 0x00;
  constexpr std::uint8_t kServer = 0x20;
  std::string_view encoded;
  bool group = false;
  std::uint8_t suffix = 0xff;
  IdentityClaim claim;
  claim.host_source = HostNameSource::kNetbios;
  if (!read(datagram, encoded, group, claim.address) || group) return;
  claim.host_name = printable(decode(encoded, suffix), kNameBytes);
  if (claim.host_name.empty() || (suffix != kWorkstation && suffix != kServer)) return;
  if (claims.size() < kClaimsMax) claims.push_back(std::move(claim));
}

}  // namespace weir::classifier
