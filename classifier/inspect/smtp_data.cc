// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/smtp_data.h"

namespace weir::classifier {

SmtpData::Result SmtpData::take(std::uint8_t byte) {
  switch (state_) {
    case State::kDot:
      if (byte == '\r') {
        state_ = State::kDotCr;
        return Result::kMore;
      }
      state_ = State::kInLine;  // a stuffed dot, or text that begins with one
      text(byte);
      return byte == '\n' ? Result::kSmuggled : Result::kMore;
    case State::kDotCr: {
      const bool end = byte == '\n' && before_ == LineEnd::kCrLf;
      state_ = State::kAfterCr;
      text(byte);
      return end ? Result::kEnd : Result::kSmuggled;
    }
    case State::kAfterCr:
    case State::kLineStart:
    case State::kInLine:
      break;
  }
  text(byte);
  return Result::kMore;
}

void SmtpData::text(std::uint8_t byte) {
  if (state_ == State::kAfterCr) {
    before_ = byte == '\n' ? LineEnd::kCrLf : LineEnd::kBareCr;
    state_ = State::kLineStart;
    if (byte == '\n') return;  // else the byte begins the line behind a bare CR
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
}

}  // namespace weir::classifier
