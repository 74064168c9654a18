// SPDX-License-Identifier: Apache-2.0
// The message after DATA, read to its end. Only CRLF "." CRLF ends it (RFC 5321 section 4.1.1.4); a line of
// one dot with any other line end before or behind it is read as the end by some servers and as text by
// others (CVE-2023-51764 and its kin), so it is reported.
#pragma once

#include <cstdint>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

class SmtpData {
 public:
  enum class Result : std::uint8_t { kMore, kEnd, kSmuggled };
  /// Takes bytes from `at` on (advanced); stops behind the end.
  [[nodiscard]] Result read(Bytes bytes, std::size_t& at);

 private:
  enum class LineEnd : std::uint8_t { kCrLf, kBareLf, kBareCr };
  enum class State : std::uint8_t { kInLine, kAfterCr, kLineStart, kDot, kDotCr };
  [[nodiscard]] Result take(std::uint8_t byte);

  State state_ = State::kLineStart;
  LineEnd before_ = LineEnd::kCrLf;  // the line end before the current line
};

}  // namespace weir::classifier
