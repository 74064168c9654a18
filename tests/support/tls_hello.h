// SPDX-License-Identifier: Apache-2.0
// Builds TLS ClientHello messages and the records that carry them, right or wrong on purpose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

/// Bytes of a message under construction, big endian.
class Wire {
 public:
  Wire& u8(std::size_t value) { return raw(std::string(1, static_cast<char>(value))); }
  Wire& u16(std::size_t value) { return u8(value >> 8U).u8(value & 0xffU); }
  Wire& u24(std::size_t value) { return u8(value >> 16U).u16(value & 0xffffU); }
  Wire& raw(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  [[nodiscard]] const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

[[nodiscard]] inline std::string tls_extension(std::size_t type, std::string_view body) {
  return Wire{}.u16(type).u16(body.size()).raw(body).str();
}
[[nodiscard]] inline std::string sni_extension(std::string_view name, std::size_t name_type = 0) {
  const std::string entry = Wire{}.u8(name_type).u16(name.size()).raw(name).str();
  return tls_extension(0, Wire{}.u16(entry.size()).raw(entry).str());
}
[[nodiscard]] inline std::string alpn_extension(const std::vector<std::string>& names) {
  Wire list;
  for (const std::string& name : names) list.u8(name.size()).raw(name);
  return tls_extension(16, Wire{}.u16(list.str().size()).raw(list.str()).str());
}
[[nodiscard]] inline std::string versions_extension(const std::vector<std::size_t>& versions) {
  Wire list;
  for (const std::size_t version : versions) list.u16(version);
  return tls_extension(43, Wire{}.u8(list.str().size()).raw(list.str()).str());
}

/// A handshake message with these extensions (ready-made by the functions above).
[[nodiscard]] inline std::string client_hello_message(std::string_view extensions) {
  const std::string body = Wire{}
                               .u16(0x0303)
                               .raw(std::string(32, 'r'))
                               .u8(32)
                               .raw(std::string(32, 's'))
                               .u16(4)
                               .raw("\x13\x01\x13\x02")
                               .u8(1)
                               .u8(0)
                               .u16(extensions.size())
                               .raw(extensions)
                               .str();
  return Wire{}.u8(1).u24(body.size()).raw(body).str();
}

/// The message in records of at most `record_bytes`.
[[nodiscard]] inline std::string in_records(std::string_view message, std::size_t record_bytes = 16'384) {
  Wire out;
  while (!message.empty()) {
    const std::string_view part = message.substr(0, record_bytes);
    out.u8(22).u16(0x0301).u16(part.size()).raw(part);
    message.remove_prefix(part.size());
  }
  return out.str();
}

/// What a browser would send: GREASE, padding before the name, ALPN, TLS 1.3.
[[nodiscard]] inline std::string client_hello(std::string_view name, std::size_t record_bytes = 16'384) {
  return in_records(
      client_hello_message(tls_extension(0x0a0a, "") + tls_extension(21, std::string(40, '\0')) +
                           sni_extension(name) + alpn_extension({"h2", "http/1.1"}) +
                           versions_extension({0x2a2a, 0x0304, 0x0303})),
      record_bytes);
}

}  // namespace weir::test
