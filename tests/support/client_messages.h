// SPDX-License-Identifier: Apache-2.0
// Builds the messages by which clients are known: DHCP, NetBIOS names, RADIUS accounting, Kerberos.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "policy/model/ip_address.h"
#include "tests/support/tls_hello.h"

namespace weir::test {

[[nodiscard]] inline std::string mac_bytes(const MacAddress& mac) {
  return {mac.bytes.begin(), mac.bytes.end()};
}

[[nodiscard]] inline std::string dhcp_option(std::size_t code, std::string_view value) {
  return Wire{}.u8(code).u8(value.size()).raw(value).str();
}
/// `op` 1: of a client, 2: of a server; `yours`: the address that it gives.
[[nodiscard]] inline std::string dhcp(std::size_t op, const MacAddress& mac, std::string_view options,
                                      const char* yours = "0.0.0.0") {
  const std::array<std::uint8_t, 16> address = IpAddress::parse(yours)->bytes();
  const std::string zeros(202, '\0');
  return Wire{}
      .u8(op)
      .u8(1)
      .u8(6)
      .u8(0)
      .raw("xid!")
      .raw(zeros.substr(0, 8))
      .raw(std::string(address.begin() + 12, address.end()))
      .raw(zeros.substr(0, 8))
      .raw(mac_bytes(mac))
      .raw(zeros)
      .raw("\x63\x82\x53\x63")
      .raw(options)
      .str();
}

/// RFC 1002 section 4.2.2; `group` 0x8000: a name of many.
[[nodiscard]] inline std::string netbios_registration(std::string_view name, std::uint8_t suffix,
                                                      std::size_t opcode = 5, std::size_t group = 0) {
  std::string padded{name};
  padded.resize(15, ' ');
  padded += static_cast<char>(suffix);
  std::string encoded;
  for (const char c : padded) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += static_cast<char>('A' + (byte >> 4U));
    encoded += static_cast<char>('A' + (byte & 0xfU));
  }
  Wire out;
  out.u16(7).u16(opcode << 11U | 0x0110U).u16(1).u16(0).u16(0).u16(1);
  out.u8(32).raw(encoded).u8(0).u16(0x20).u16(1);
  return out.u16(0xc00c).u16(0x20).u16(1).u16(0).u16(0).u16(6).u16(group).raw("\x0a\x01\x02\x03").str();
}

[[nodiscard]] inline std::string radius_attribute(std::size_t type, std::string_view value) {
  return Wire{}.u8(type).u8(value.size() + 2).raw(value).str();
}
[[nodiscard]] inline std::string radius(std::size_t code, std::size_t id, std::string_view attributes) {
  return Wire{}.u8(code).u8(id).u16(20 + attributes.size()).raw(std::string(16, 'a')).raw(attributes).str();
}

[[nodiscard]] inline std::string der(std::size_t tag, std::string_view content) {
  Wire out;
  out.u8(tag);
  if (content.size() < 128) {
    out.u8(content.size());
  } else {
    out.u8(0x82).u16(content.size());
  }
  return out.raw(content).str();
}
[[nodiscard]] inline std::string kerberos_principal(std::string_view name) {
  return der(0x30, der(0xa0, der(0x02, "\x01")) + der(0xa1, der(0x30, der(0x1b, name))));
}
/// AS-REQ (RFC 4120 section 5.4.1).
[[nodiscard]] inline std::string kerberos_request(std::string_view name, std::string_view realm) {
  const std::string body = der(0xa0, der(0x03, std::string(5, '\0'))) + der(0xa1, kerberos_principal(name)) +
                           der(0xa2, der(0x1b, realm)) + der(0xa3, kerberos_principal("krbtgt"));
  return der(0x6a, der(0x30, der(0xa1, der(0x02, "\x05")) + der(0xa2, der(0x02, "\x0a")) +
                                 der(0xa3, der(0x30, "")) + der(0xa4, der(0x30, body))));
}
/// AS-REP (11) or TGS-REP (13), section 5.4.2; its ticket is none.
[[nodiscard]] inline std::string kerberos_reply(std::string_view name, std::string_view realm,
                                                std::size_t type) {
  return der(0x60 + type, der(0x30, der(0xa0, der(0x02, "\x05")) +
                                        der(0xa1, der(0x02, std::string(1, static_cast<char>(type)))) +
                                        der(0xa3, der(0x1b, realm)) + der(0xa4, kerberos_principal(name)) +
                                        der(0xa5, std::string(300, 't'))));
}

}  // namespace weir::test
