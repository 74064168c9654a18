// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/payloads.h"

#include <algorithm>

#include "policy/prove/wire.h"

namespace weir::prove {
namespace {

constexpr std::uint16_t kTls12 = 0x0303;
constexpr std::uint16_t kTls13 = 0x0304;
constexpr std::string_view kRandom = "a rule canary of weir, not a peer";

std::string extension(std::size_t type, std::string_view body) {
  return Wire{}.u16(type).u16(body.size()).raw(body).take();
}

std::string server_name(std::string_view name) {
  const std::string entry = Wire{}.u8(0).u16(name.size()).raw(name).take();
  return extension(0, Wire{}.u16(entry.size()).raw(entry).take());
}

std::string protocols(const std::vector<std::string>& names) {
  Wire list;
  for (const std::string& name : names) list.u8(name.size()).raw(name);
  const std::string bytes = list.take();
  return extension(16, Wire{}.u16(bytes.size()).raw(bytes).take());
}

}  // namespace

std::string tls_hello(std::string_view name, std::uint16_t version, const std::vector<std::string>& alpn) {
  std::string extensions;
  if (!name.empty()) extensions += server_name(name);
  if (!alpn.empty()) extensions += protocols(alpn);
  extensions += extension(10, Wire{}.u16(2).u16(29).take());                  // groups: x25519
  extensions += extension(13, Wire{}.u16(4).u16(0x0403).u16(0x0804).take());  // signatures
  if (version >= kTls13) {
    extensions += extension(43, Wire{}.u8(4).u16(kTls13).u16(kTls12).take());  // versions
    const std::string key = Wire{}.u16(29).u16(32).raw(kRandom.substr(0, 32)).take();
    extensions += extension(51, Wire{}.u16(key.size()).raw(key).take());  // key share
  }
  const std::string body = Wire{}
                               .u16(std::min(version, kTls12))
                               .raw(kRandom.substr(0, 32))
                               .u8(0)
                               .u16(6)
                               .u16(0x1301)
                               .u16(0xc02b)
                               .u16(0xc013)
                               .u8(1)
                               .u8(0)
                               .u16(extensions.size())
                               .raw(extensions)
                               .take();
  const std::string message = Wire{}.u8(1).u24(body.size()).raw(body).take();
  return Wire{}.u8(22).u16(0x0301).u16(message.size()).raw(message).take();
}

std::string dns_question(std::string_view name, bool ipv6) {
  Wire wire;
  wire.u16(0x5755).u16(0x0100).u16(1).u16(0).u16(0).u16(0);
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    wire.u8(label.size()).raw(label);
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  return wire.u8(0).u16(ipv6 ? 28 : 1).u16(1).take();
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kLine = 76;
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8U | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= bytes.size() - i ? kAlphabet[group >> (18 - 6 * k) & 0x3fU] : '=';
    if (i % (kLine / 4 * 3) == kLine / 4 * 3 - 3) out += "\r\n";
  }
  return out;
}

std::string encrypted_archive() {
  constexpr std::string_view kName = "canary";
  Wire wire;
  wire.raw("PK\x03\x04").u16(0x1400).u16(0x0100).u16(0).u32(0).raw("\x11\x11\x11\x11");
  wire.raw(std::string_view("\x10\0\0\0\x10\0\0\0\x06\0\0\0", 12));
  return wire.raw(kName).raw("sixteen of bytes").take();
}

}  // namespace weir::prove
