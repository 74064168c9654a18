// SPDX-License-Identifier: Apache-2.0
// The body of one HTTP/1 message, read to its end (RFC 9112 sections 6 and 7). Its content is not looked at.
#pragma once

#include <cstdint>
#include <string_view>

#include "classifier/inspect/http1_exchange.h"
#include "classifier/inspect/parse_step.h"
#include "classifier/inspect/text.h"
#include "policy/model/byte_reader.h"

namespace weir::classifier {

/// A chunk-size line with its extensions, or one trailer field.
inline constexpr std::size_t kChunkLineBytesMax = 8'192;

/// Collects Content-Length and Transfer-Encoding of one head and says how its body is delimited. Whatever two
/// receivers could read differently (both fields, two lengths, an unknown coding, a coding in HTTP/1.0) makes
/// it ambiguous.
class Http1Framing {
 public:
  void field(std::string_view name, std::string_view value, bool space_before_colon);
  void set_version(std::string_view version) { old_ = version != "1.1"; }
  [[nodiscard]] bool ambiguous() const { return ambiguous_ || (chunked_ && (has_length_ || old_)); }
  [[nodiscard]] bool chunked() const { return chunked_; }
  [[nodiscard]] bool has_length() const { return has_length_; }
  [[nodiscard]] std::uint64_t length() const { return length_; }

 private:
  void transfer_encoding(std::string_view value);
  void content_length(std::string_view value);

  bool old_ = false;  // HTTP/1.0 knows no transfer coding: some receivers read the body without it
  bool ambiguous_ = false;
  bool chunked_ = false;
  bool has_length_ = false;
  std::uint64_t length_ = 0;
};

class Http1Body {
 public:
  /// With `whole` nothing of it is skipped until `may_skip`.
  void begin(const Http1Framing& framing, bool whole = false);
  void may_skip() { whole_ = false; }
  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  /// A long rest can be skipped without seeing a byte of it.
  [[nodiscard]] bool wants_skip() const {
    return !whole_ && (state_ == State::kLength || state_ == State::kChunkData) && left_ >= kSkipBytesMin;
  }
  /// Outcome kMore (perhaps done) or kError.
  [[nodiscard]] ParseStep read(Bytes bytes);

 private:
  enum class State : std::uint8_t { kDone, kLength, kChunkSize, kChunkData, kChunkEnd, kTrailers };
  [[nodiscard]] bool chunk_size();
  [[nodiscard]] bool read_line(Bytes bytes, ParseStep& step);

  State state_ = State::kDone;
  bool whole_ = false;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  LineReader line_{kChunkLineBytesMax};
};

}  // namespace weir::classifier
