// SPDX-License-Identifier: Apache-2.0
// The message after DATA, read to its end, without stuffed dots. Only CRLF "." CRLF ends it (RFC 5321 section
// 4.1.1.4); a line of one dot with any other line end before or behind it is read as the end by some servers
// and as text by others (CVE-2023-51764 and its kin), so it is reported. Also for POP3 (RFC 1939 section 3).
#pragma once

#include <algorithm>
#include <cstdint>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

class SmtpData {
 public:
  enum class Result : std::uint8_t { kMore, kEnd, kSmuggled };
  /// Takes bytes from `at` on (advanced); stops behind the end, or behind what may be taken for it (a further
  /// call goes on as if it was not). `sink` is given the message's text in pieces.
  template <class Sink>
  [[nodiscard]] Result read(Bytes bytes, std::size_t& at, Sink&& sink);

 private:
  enum class LineEnd : std::uint8_t { kCrLf, kBareLf, kBareCr };
  enum class State : std::uint8_t { kInLine, kAfterCr, kLineStart, kDot, kDotCr };
  [[nodiscard]] Result take(std::uint8_t byte);
  void text(std::uint8_t byte);

  State state_ = State::kLineStart;
  LineEnd before_ = LineEnd::kCrLf;  // the line end before the current line
};

template <class Sink>
SmtpData::Result SmtpData::read(Bytes bytes, std::size_t& at, Sink&& sink) {
  std::size_t from = at;  // of text not yet given
  Result result = Result::kMore;
  while (result == Result::kMore && at < bytes.size()) {
    if (state_ == State::kInLine) {
      at += std::min(as_text(bytes.subspan(at)).find_first_of("\r\n"), bytes.size() - at);
      if (at == bytes.size()) break;
    }
    const bool cr_waits = state_ == State::kDotCr;
    result = take(bytes[at++]);
    if (cr_waits && result != Result::kEnd) sink("\r");
    if (state_ == State::kDot || state_ == State::kDotCr || result == Result::kEnd) {  // no text, or not yet
      if (at - 1 > from) sink(as_text(bytes.subspan(from, at - 1 - from)));
      from = at;
    }
  }
  if (at > from) sink(as_text(bytes.subspan(from, at - from)));
  return result;
}

}  // namespace weir::classifier
