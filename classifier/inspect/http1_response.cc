// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http1_response.h"

namespace weir::classifier {

ParseStep Http1Response::feed(Bytes bytes, Http1Exchange& exchange) {
  ParseStep step;
  while (step.consumed < bytes.size() || (state_ == State::kBody && body_.wants_skip())) {
    if (exchange.lost()) return {bytes.size(), Outcome::kIgnore};
    if (state_ == State::kBody) {
      const ParseStep part = body_.read(bytes.subspan(step.consumed));
      step.consumed += part.consumed;
      if (part.outcome != Outcome::kMore) exchange.lose();
      if (body_.done()) state_ = State::kStatusLine;
      if (part.skip > 0) return {step.consumed, Outcome::kMore, false, false, part.skip};
      continue;
    }
    const std::size_t before = step.consumed;
    const LineReader::State read = line_.read(bytes, step.consumed);
    head_bytes_ += step.consumed - before;
    if (read == LineReader::State::kTooLong || head_bytes_ > kHttpHeadBytesMax) {
      exchange.lose();
    } else if (read == LineReader::State::kLine) {
      const Outcome outcome = line(exchange);
      if (outcome != Outcome::kMore) return {step.consumed, outcome};
    }
  }
  return step;
}

Outcome Http1Response::line(Http1Exchange& exchange) {
  const std::string_view text = line_.line();
  if (state_ == State::kStatusLine) {
    if (text.empty()) return Outcome::kMore;
    const auto status = decimal(text.substr(std::min<std::size_t>(9, text.size()), 3));
    if (!starts_ignoring_case(text, "HTTP/1.") || !status) {
      exchange.lose();
      return Outcome::kIgnore;
    }
    status_ = static_cast<unsigned>(*status);
    framing_ = {};
    state_ = State::kFields;
    return Outcome::kMore;
  }
  if (text.empty()) return end_of_head(exchange);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos)
    framing_.field(text.substr(0, colon), trim(text.substr(colon + 1)), false);
  return Outcome::kMore;
}

Outcome Http1Response::end_of_head(Http1Exchange& exchange) {
  const PendingReply request = exchange.front();
  head_bytes_ = 0;
  state_ = State::kStatusLine;
  if (status_ == 101 && request.upgrade != Upgrade::kNone) {
    // Inside HTTP/2 the names are compressed; what else was agreed on carries no names for us.
    return request.upgrade == Upgrade::kHttp2 ? Outcome::kLimit : Outcome::kFinal;
  }
  if (status_ < 200) return Outcome::kMore;  // interim: the reply itself follows
  exchange.pop();
  if (request.connect && status_ < 300) return Outcome::kRestart;
  if (request.head || status_ == 204 || status_ == 304) return Outcome::kMore;
  if (framing_.ambiguous() || (!framing_.chunked() && !framing_.has_length())) {
    exchange.lose();  // until the server closes
    return Outcome::kIgnore;
  }
  body_.begin(framing_);
  if (!body_.done()) state_ = State::kBody;
  return Outcome::kMore;
}

}  // namespace weir::classifier
