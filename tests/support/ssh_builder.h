// SPDX-License-Identifier: Apache-2.0
// Builds the clear beginning of SSH connections for tests.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tests/support/tls_hello.h"

namespace weir::test {

[[nodiscard]] inline std::string ssh_list(std::string_view names) {
  return Wire{}.u16(names.size() >> 16U).u16(names.size() & 0xffffU).raw(names).str();
}
/// The payload of a KEXINIT: `text` is "kex;encryption;mac;compression" of both directions, as fingerprints
/// have it.
[[nodiscard]] inline std::string ssh_kexinit(std::string_view text, std::string_view other_direction = "x") {
  std::array<std::string_view, 4> lists;
  for (std::string_view& list : lists) {
    list = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), list.size() + 1));
  }
  Wire out;
  out.u8(20).raw(std::string(16, 'c')).raw(ssh_list(lists[0])).raw(ssh_list("ssh-ed25519"));
  const bool client = other_direction != "server";
  for (const std::size_t i : {1U, 2U, 3U}) {
    out.raw(ssh_list(client ? lists[i] : "other")).raw(ssh_list(client ? "other" : lists[i]));
  }
  return out.raw(ssh_list("")).raw(ssh_list("")).u8(0).u16(0).u16(0).str();
}
[[nodiscard]] inline std::string ssh_packet(std::string_view payload, std::size_t padding = 6) {
  const std::size_t length = 1 + payload.size() + padding;
  return Wire{}
      .u16(length >> 16U)
      .u16(length & 0xffffU)
      .u8(padding)
      .raw(payload)
      .raw(std::string(padding, '\0'))
      .str();
}

}  // namespace weir::test
