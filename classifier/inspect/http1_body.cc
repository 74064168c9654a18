// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http1_body.h"

#include <algorithm>

namespace weir::classifier {

void Http1Framing::field(std::string_view name, std::string_view value, bool space_before_colon) {
  const bool length = equals_ignoring_case(name, "content-length");
  const bool coding = equals_ignoring_case(name, "transfer-encoding");
  if ((length || coding) && space_before_colon) ambiguous_ = true;  // some receivers ignore such a field
  if (length) content_length(value);
  if (coding) transfer_encoding(value);
}

void Http1Framing::content_length(std::string_view value) {
  // "5, 5" is one value repeated (RFC 9110 section 8.6).
  while (true) {
    const std::size_t comma = value.find(',');
    const auto number = decimal(trim(value.substr(0, comma)));
    if (!number || (has_length_ && *number != length_)) ambiguous_ = true;
    has_length_ = true;
    length_ = number.value_or(0);
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

void Http1Framing::transfer_encoding(std::string_view value) {
  if (chunked_) ambiguous_ = true;  // chunked must be last
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view coding = trim(value.substr(0, comma));
    if (chunked_) ambiguous_ = true;
    if (equals_ignoring_case(coding, "chunked")) {
      chunked_ = true;
    } else if (!equals_ignoring_case(coding, "gzip") && !equals_ignoring_case(coding, "deflate")) {
      ambiguous_ = true;
    }
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  if (!chunked_) ambiguous_ = true;
}

void Http1Body::begin(const Http1Framing& framing, bool whole) {
  whole_ = whole;
  left_ = framing.length();
  trailer_bytes_ = 0;
  state_ = framing.chunked() ? State::kChunkSize : left_ > 0 ? State::kLength : State::kDone;
}

ParseStep Http1Body::read(Bytes bytes) {
  ParseStep step;
  while ((step.consumed < bytes.size() || wants_skip()) && !done() && step.skip == 0) {
    if (state_ == State::kLength || state_ == State::kChunkData) {
      const ParseStep part = take_body(left_, bytes.size() - step.consumed, !whole_);
      step.consumed += part.consumed;
      step.skip = part.skip;
      if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kChunkEnd;
    } else if (!read_line(bytes, step)) {
      step.outcome = Outcome::kError;
      return step;
    }
  }
  return step;
}

bool Http1Body::read_line(Bytes bytes, ParseStep& step) {
  const LineReader::State read = line_.read(bytes, step.consumed);
  if (read == LineReader::State::kNeedMore) return true;
  if (read == LineReader::State::kTooLong || line_.has_bare_cr()) return false;
  if (state_ == State::kChunkSize) return chunk_size();
  if (state_ == State::kChunkEnd) {
    state_ = State::kChunkSize;
    return line_.line().empty();
  }
  trailer_bytes_ += line_.line().size() + 1;
  if (line_.line().empty()) state_ = State::kDone;
  return trailer_bytes_ <= kHttpHeadBytesMax;
}

bool Http1Body::chunk_size() {
  const std::string_view line = line_.line();
  const std::size_t digits = std::min(line.find_first_not_of("0123456789abcdefABCDEF"), line.size());
  // RFC 9112 section 7.1: 1*HEXDIG, then perhaps an extension.
  if (digits == 0 || digits > 15) return false;
  const std::string_view extension = trim(line.substr(digits));
  if (!extension.empty() && (extension.front() != ';' || !line_.ended_with_cr())) return false;
  left_ = 0;
  for (const char c : line.substr(0, digits)) {
    const char d = lower(c);
    left_ = left_ * 16 + static_cast<std::uint64_t>(d <= '9' ? d - '0' : d - 'a' + 10);
  }
  state_ = left_ > 0 ? State::kChunkData : State::kTrailers;
  return true;
}

}  // namespace weir::classifier
