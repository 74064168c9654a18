// SPDX-License-Identifier: Apache-2.0
// HTTP/2 frames and header blocks, right or wrong on purpose. Fields are literals without indexing or Huffman
// code (RFC 7541 section 6.2.2); blocks that need more come as bytes.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "classifier/inspect/http2_frames.h"
#include "tests/support/tls_hello.h"

namespace weir::test {

inline constexpr std::size_t kData = 0;
inline constexpr std::size_t kHeaders = 1;
inline constexpr std::size_t kSettings = 4;
inline constexpr std::size_t kPushPromise = 5;
inline constexpr std::size_t kContinuation = 9;
inline constexpr std::size_t kEndStream = 0x01;
inline constexpr std::size_t kEndHeaders = 0x04;
inline constexpr std::size_t kPadded = 0x08;
inline constexpr std::size_t kPriority = 0x20;

[[nodiscard]] inline std::string http2_frame(std::size_t type, std::size_t flags, std::size_t stream,
                                             std::string_view payload) {
  return Wire{}
      .u24(payload.size())
      .u8(type)
      .u8(flags)
      .u16(stream >> 16U)
      .u16(stream & 0xffffU)
      .raw(payload)
      .str();
}

/// At most 126 bytes, or 16,510 with a second length byte.
[[nodiscard]] inline std::string hpack_text(std::string_view text) {
  if (text.size() < 127) return Wire{}.u8(text.size()).raw(text).str();
  const std::size_t more = text.size() - 127;
  Wire wire;
  wire.u8(127);
  if (more < 128) return wire.u8(more).raw(text).str();
  return wire.u8(128 + more % 128).u8(more / 128).raw(text).str();
}

using Http2Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

[[nodiscard]] inline std::string hpack_block(Http2Fields fields) {
  std::string block;
  for (const auto& [name, value] : fields)
    block += std::string(1, '\0') + hpack_text(name) + hpack_text(value);
  return block;
}

[[nodiscard]] inline std::string http2_request_block(std::string_view authority,
                                                     std::string_view path = "/") {
  return hpack_block({{":method", "GET"}, {":scheme", "http"}, {":authority", authority}, {":path", path}});
}

[[nodiscard]] inline std::string http2_request(std::size_t stream, std::string_view authority,
                                               std::string_view path = "/") {
  return http2_frame(kHeaders, kEndStream | kEndHeaders, stream, http2_request_block(authority, path));
}

/// Preface and SETTINGS of a client.
[[nodiscard]] inline std::string http2_opening() {
  return std::string(classifier::kHttp2Preface) + http2_frame(kSettings, 0, 0, "");
}

}  // namespace weir::test
