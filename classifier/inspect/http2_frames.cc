// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http2_frames.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kFrameHeaderBytes = 9;
constexpr std::size_t kPriorityBytes = 5;
constexpr std::size_t kPromisedStreamBytes = 4;
constexpr std::uint8_t kTypeHeaders = 1;
constexpr std::uint8_t kTypePushPromise = 5;
constexpr std::uint8_t kTypeContinuation = 9;
constexpr std::uint8_t kFlagEndHeaders = 0x04;
constexpr std::uint8_t kFlagPadded = 0x08;
constexpr std::uint8_t kFlagPriority = 0x20;

}  // namespace

ParseStep Http2Frames::feed(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  if (reporting_) return report(0, facts);
  while (true) {
    if (state_ == State::kRest) {
      const ParseStep part = take_body(left_, bytes.size() - step.consumed);
      step.consumed += part.consumed;
      step.skip = part.skip;
      if (left_ == 0) state_ = State::kFrame;
      if (step.skip > 0) return step;
    }
    if (step.consumed == bytes.size() && needs_bytes()) return step;
    const Outcome outcome = advance(bytes, step.consumed, facts);
    if (reporting_) return report(step.consumed, facts);
    if (outcome != Outcome::kMore) return {step.consumed, outcome};
  }
}

/// Goes on with what the state needs next, as far as the bytes reach.
Outcome Http2Frames::advance(Bytes bytes, std::size_t& at, FlowFacts& facts) {
  switch (state_) {
    case State::kPreface:
      if (!collect(bytes, at, kHttp2Preface.size())) return Outcome::kMore;
      state_ = State::kFrame;
      return as_text(buffer_) == kHttp2Preface ? Outcome::kMore : Outcome::kError;
    case State::kFrame:
      return collect(bytes, at, kFrameHeaderBytes) ? frame() : Outcome::kMore;
    case State::kPrefix:
      return collect(bytes, at, prefix_bytes_) ? prefix() : Outcome::kMore;
    case State::kBlock:
      return block(bytes, at, facts);
    case State::kRest:
      break;
  }
  return Outcome::kMore;
}

/// Fills the buffer to `count` bytes; true when it is full.
bool Http2Frames::collect(Bytes bytes, std::size_t& at, std::size_t count) {
  const std::size_t part = std::min(count - buffered_, bytes.size() - at);
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), part,
              buffer_.begin() + static_cast<std::ptrdiff_t>(buffered_));
  at += part;
  buffered_ += part;
  if (buffered_ < count) return false;
  buffered_ = 0;
  return true;
}

Outcome Http2Frames::frame() {
  ByteReader reader{buffer_};
  left_ = reader.u24();
  type_ = reader.u8();
  flags_ = reader.u8();
  const std::uint32_t stream = reader.u32() & 0x7fffffffU;
  prefix_bytes_ = 0;
  if (open_stream_ != 0) {  // nothing may come in between (RFC 9113 section 6.10)
    if (type_ != kTypeContinuation || stream != open_stream_) return Outcome::kError;
    if (++continuations_ > kContinuationsMax) return Outcome::kLimit;
    return prefix();
  }
  if (type_ == kTypeContinuation) return Outcome::kError;
  if (type_ != kTypeHeaders && type_ != kTypePushPromise) {
    state_ = State::kRest;
    return Outcome::kMore;
  }
  const bool promise = type_ == kTypePushPromise;
  if (stream == 0 || (client_ && (promise || stream % 2 == 0))) return Outcome::kError;
  open_stream_ = stream;
  begin_block(client_ || promise);
  prefix_bytes_ = ((flags_ & kFlagPadded) != 0 ? 1U : 0U) + (promise ? kPromisedStreamBytes : 0U) +
                  (!promise && (flags_ & kFlagPriority) != 0 ? kPriorityBytes : 0U);
  if (left_ < prefix_bytes_) return Outcome::kError;
  state_ = State::kPrefix;
  return prefix_bytes_ == 0 ? prefix() : Outcome::kMore;
}

/// What stands before the block is there: how much of the payload is block, how much padding.
Outcome Http2Frames::prefix() {
  const std::size_t padding = prefix_bytes_ > 0 && (flags_ & kFlagPadded) != 0 ? buffer_[0] : 0U;
  left_ -= prefix_bytes_;
  if (padding > left_) return Outcome::kError;
  block_left_ = left_ - padding;
  block_bytes_ += block_left_;
  if (block_bytes_ > kHeaderBlockBytesMax) return Outcome::kLimit;
  state_ = State::kBlock;
  return Outcome::kMore;
}

Outcome Http2Frames::block(Bytes bytes, std::size_t& at, FlowFacts& facts) {
  const std::size_t count = std::min<std::size_t>(block_left_, bytes.size() - at);
  const Bytes piece = bytes.subspan(at, count);
  at += count;
  left_ -= count;
  block_left_ -= count;
  const bool last = block_left_ == 0 && (flags_ & kFlagEndHeaders) != 0;
  const Hpack::State state = hpack_.inflate(piece, last, *this);
  if (block_left_ == 0) state_ = State::kRest;
  if (state == Hpack::State::kMore) return Outcome::kMore;
  if (state == Hpack::State::kLimit) return Outcome::kLimit;
  return state == Hpack::State::kEnd ? end_of_block(facts) : Outcome::kError;
}

void Http2Frames::begin_block(bool request) {
  block_bytes_ = 0;
  continuations_ = 0;
  request_ = request;
  bad_host_ = connect_ = has_method_ = has_protocol_ = false;
  authority_.clear();
  head_ = {};
  head_.set_version("2");
  reply_ = {};
}

void Http2Frames::on_field(std::string_view name, std::string_view value) {
  if (!request_) {
    if (name == ":status")
      reply_.set_status(static_cast<std::uint32_t>(decimal(value.substr(0, 9)).value_or(0)));
    return reply_.field(name, value);
  }
  if (name == ":method") {
    has_method_ = true;
    connect_ = value == "CONNECT";
    head_.set_method(value);
  } else if (name == ":path") {
    head_.set_target(value);
  } else if (name == ":protocol") {  // RFC 8441: another protocol at this very server
    has_protocol_ = true;
  } else if (name == ":authority" || equals_ignoring_case(name, "host")) {
    if (name.front() == ':') authority_ = value;
    if (!head_.add_host(value)) bad_host_ = true;
  } else {
    head_.field(name, value);
  }
}

Outcome Http2Frames::end_of_block(FlowFacts& facts) {
  open_stream_ = 0;
  if (!request_) {
    if (reply_.status() >= 200) reply_.write(facts);  // neither interim nor trailers
    return Outcome::kMore;
  }
  if (bad_host_) return Outcome::kError;
  if (!has_method_ && !head_.unreported()) return Outcome::kMore;  // trailers
  head_.set_effective(authority_);
  reporting_ = true;
  return Outcome::kName;
}

ParseStep Http2Frames::report(std::size_t consumed, FlowFacts& facts) {
  ParseStep step{consumed, Outcome::kName, true};
  step.again = reporting_ = head_.report(facts);
  if (!step.again && connect_ && !has_protocol_) note_http_proxy(facts, "http2-connect", authority_);
  return step;
}

}  // namespace weir::classifier
