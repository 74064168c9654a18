// SPDX-License-Identifier: Apache-2.0
// Builds DNS messages for tests, right or wrong on purpose.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/support/tls_hello.h"

namespace weir::test {

[[nodiscard]] inline std::string dns_name(std::string_view name) {
  Wire out;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    out.u8(dot).raw(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  return out.u8(0).str();
}
[[nodiscard]] inline std::string dns_header(std::size_t flags, std::size_t questions, std::size_t answers = 0,
                                            std::size_t additionals = 0, std::size_t id = 0x1234) {
  return Wire{}.u16(id).u16(flags).u16(questions).u16(answers).u16(0).u16(additionals).str();
}
[[nodiscard]] inline std::string dns_question(std::string_view name, std::size_t type = 1) {
  return dns_name(name) + Wire{}.u16(type).u16(1).str();
}
[[nodiscard]] inline std::string dns_query(std::string_view name, std::size_t type = 1,
                                           std::size_t id = 0x1234) {
  return dns_header(0x0100, 1, 0, 0, id) + dns_question(name, type);
}
/// A record of class IN.
[[nodiscard]] inline std::string dns_record(std::string_view name, std::size_t type, std::string_view data,
                                            std::size_t ttl_s = 60) {
  return dns_name(name) +
         Wire{}.u16(type).u16(1).u16(ttl_s >> 16U).u16(ttl_s & 0xffffU).u16(data.size()).raw(data).str();
}
/// The answer to one question, with the records given.
[[nodiscard]] inline std::string dns_answer(std::string_view name, std::size_t type, std::size_t count,
                                            std::string_view records, std::size_t id = 0x1234) {
  return dns_header(0x8180, 1, count, 0, id) + dns_question(name, type) + std::string{records};
}

}  // namespace weir::test
