// SPDX-License-Identifier: Apache-2.0
// One direction of an HTTP/2 connection without TLS (RFC 9113): frames are read as they come, header blocks
// go through HPACK piece by piece, everything else is skipped unread. A block of the client, and a promise of
// the server, is a request and judged by :authority and host, whichever stream it is of; streams have no
// state here. What is sent inside a CONNECT's stream is not looked at.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "classifier/inspect/hpack.h"
#include "classifier/inspect/http_head.h"
#include "classifier/inspect/parse_step.h"

namespace weir::classifier {

inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// One header block as sent, over all its frames.
inline constexpr std::size_t kHeaderBlockBytesMax = 65'536;
/// CONTINUATION frames of one block; they may be empty, so their bytes do not bound them.
inline constexpr std::uint32_t kContinuationsMax = 1'024;

class Http2Frames final : private Hpack::Fields {
 public:
  explicit Http2Frames(bool client) : client_(client), state_(client ? State::kPreface : State::kFrame) {}

  /// kName for a request, kError and kLimit for what no server would read or what a limit forbids.
  [[nodiscard]] ParseStep feed(Bytes bytes, FlowFacts& facts);
  [[nodiscard]] std::size_t bytes_held() const { return hpack_.bytes_held(); }

 private:
  enum class State : std::uint8_t { kPreface, kFrame, kPrefix, kBlock, kRest };

  [[nodiscard]] bool collect(Bytes bytes, std::size_t& at, std::size_t count);
  [[nodiscard]] Outcome advance(Bytes bytes, std::size_t& at, FlowFacts& facts);
  [[nodiscard]] Outcome frame();
  [[nodiscard]] Outcome prefix();
  [[nodiscard]] Outcome block(Bytes bytes, std::size_t& at, FlowFacts& facts);
  [[nodiscard]] Outcome end_of_block(FlowFacts& facts);
  [[nodiscard]] ParseStep report(std::size_t consumed, FlowFacts& facts);
  void on_field(std::string_view name, std::string_view value) override;
  void begin_block(bool request);
  [[nodiscard]] bool needs_bytes() const { return state_ != State::kBlock || block_left_ > 0; }

  bool client_;
  State state_;
  std::array<std::uint8_t, 24> buffer_{};
  std::size_t buffered_ = 0;
  // The frame being read.
  std::uint64_t left_ = 0;        // payload bytes behind those consumed
  std::uint64_t block_left_ = 0;  // of them, header block bytes
  std::uint8_t type_ = 0;
  std::uint8_t flags_ = 0;
  std::size_t prefix_bytes_ = 0;
  // The header block being read.
  Hpack hpack_;
  std::uint32_t open_stream_ = 0;  // 0: none is open
  std::size_t block_bytes_ = 0;
  std::uint32_t continuations_ = 0;
  bool request_ = false;
  bool bad_host_ = false;
  bool connect_ = false;
  bool has_method_ = false;
  bool has_protocol_ = false;
  bool reporting_ = false;
  std::string authority_;
  HttpRequestHead head_;
  HttpReplyHead reply_;
};

}  // namespace weir::classifier
