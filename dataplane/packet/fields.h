// SPDX-License-Identifier: Apache-2.0
// Big-endian fields at fixed offsets. Reading outside the bytes gives zero and writing outside does nothing:
// callers check lengths for meaning, not for safety. For sequential reading there is weir::ByteReader.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "policy/model/byte_reader.h"

namespace weir::dataplane {

using MutableBytes = std::span<std::uint8_t>;

/// `count` bytes from `at` on, as far as there are any.
[[nodiscard]] inline Bytes part(Bytes bytes, std::size_t at, std::size_t count = SIZE_MAX) noexcept {
  if (at > bytes.size()) return {};
  const std::size_t left = bytes.size() - at;
  return {bytes.data() + at, count < left ? count : left};
}
[[nodiscard]] inline std::uint8_t field_u8(Bytes bytes, std::size_t at) noexcept {
  return at < bytes.size() ? bytes.data()[at] : std::uint8_t{0};
}
[[nodiscard]] inline std::uint16_t field_u16(Bytes bytes, std::size_t at) noexcept {
  if (bytes.size() < 2 || at > bytes.size() - 2) return 0;
  const std::uint8_t* p = bytes.data() + at;
  return static_cast<std::uint16_t>((p[0] << 8U) | p[1]);
}
[[nodiscard]] inline std::uint32_t field_u32(Bytes bytes, std::size_t at) noexcept {
  return (static_cast<std::uint32_t>(field_u16(bytes, at)) << 16U) | field_u16(bytes, at + 2);
}

inline void set_u8(MutableBytes bytes, std::size_t at, std::uint8_t value) noexcept {
  if (at < bytes.size()) bytes.data()[at] = value;
}
inline void set_u16(MutableBytes bytes, std::size_t at, std::uint16_t value) noexcept {
  set_u8(bytes, at, static_cast<std::uint8_t>(value >> 8U));
  set_u8(bytes, at + 1, static_cast<std::uint8_t>(value));
}
inline void set_u32(MutableBytes bytes, std::size_t at, std::uint32_t value) noexcept {
  set_u16(bytes, at, static_cast<std::uint16_t>(value >> 16U));
  set_u16(bytes, at + 2, static_cast<std::uint16_t>(value));
}
inline void set_bytes(MutableBytes bytes, std::size_t at, Bytes value) noexcept {
  if (at > bytes.size() || value.size() > bytes.size() - at || value.empty()) return;
  std::memcpy(bytes.data() + at, value.data(), value.size());
}

}  // namespace weir::dataplane
