// SPDX-License-Identifier: Apache-2.0
// Bytes under construction, big endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weir::prove {

class Wire {
 public:
  Wire& u8(std::size_t value) {
    bytes_ += static_cast<char>(value & 0xffU);
    return *this;
  }
  Wire& u16(std::size_t value) { return u8(value >> 8U).u8(value); }
  Wire& u24(std::size_t value) { return u8(value >> 16U).u16(value); }
  Wire& u32(std::size_t value) { return u16(value >> 16U).u16(value); }
  Wire& raw(std::string_view text) {
    bytes_ += text;
    return *this;
  }
  /// The bytes so far; it is empty then.
  [[nodiscard]] std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

}  // namespace weir::prove
