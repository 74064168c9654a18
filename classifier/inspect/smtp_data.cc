// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/smtp_data.h"

#include <algorithm>

namespace weir::classifier {

SmtpData::Result SmtpData::read(Bytes bytes, std::size_t& at) {
  while (at < bytes.size()) {
    if (state_ == State::kInLine) {
      const std::size_t next = as_text(bytes.subspan(at)).find_first_of("\r\n");
      at += std::min(next, bytes.size() - at);
      if (at == bytes.size()) break;
    }
    const Result result = take(bytes[at++]);
    if (result != Result::kMore) return result;
  }
  return Result::kMore;
}

SmtpData::Result SmtpData::take(std::uint8_t byte) {
  switch (state_) {
    case State::kDot:
      if (byte == '\r') {
        state_ = State::kDotCr;
        return Result::kMore;
      }
      if (byte == '\n') return Result::kSmuggled;
      state_ = State::kInLine;  // a stuffed dot, or text that begins with one
      return Result::kMore;
    case State::kDotCr:
      if (byte == '\n' && before_ == LineEnd::kCrLf) {
        state_ = State::kLineStart;
        return Result::kEnd;
      }
      return Result::kSmuggled;
    case State::kAfterCr:
      before_ = byte == '\n' ? LineEnd::kCrLf : LineEnd::kBareCr;
      state_ = State::kLineStart;
      if (byte == '\n') return Result::kMore;
      break;  // the byte begins the line behind a bare CR
    case State::kLineStart:
    case State::kInLine:
      break;
  }
  if (byte == '.' && state_ == State::kLineStart) {
    state_ = State::kDot;
  } else if (byte == '\r') {
    state_ = State::kAfterCr;
  } else if (byte == '\n') {
    before_ = LineEnd::kBareLf;
    state_ = State::kLineStart;
  } else {
    state_ = State::kInLine;
  }
  return Result::kMore;
}

}  // namespace weir::classifier
