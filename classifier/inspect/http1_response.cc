// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/http1_response.h"

namespace weir::classifier {

ParseStep Http1Response::feed(Bytes bytes, FlowFacts& facts, Http1Exchange& exchange) {
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
      const Outcome outcome = line(facts, exchange);
      if (outcome != Outcome::kMore) return {step.consumed, outcome};
    }
  }
  return step;
}

Outcome Http1Response::line(FlowFacts& facts, Http1Exchange& exchange) {
  const std::string_view text = line_.line();
  if (state_ == State::kStatusLine) return text.empty() ? Outcome::kMore : status_line(text, exchange);
  const bool folded = !text.empty() && (text.front() == ' ' || text.front() == '\t');
  if (folded && !field_.empty()) {
    field_ += ' ';
    field_ += trim(text);
    return Outcome::kMore;
  }
  end_of_field();
  if (text.empty()) return end_of_head(facts, exchange);
  field_ = text;
  return Outcome::kMore;
}

Outcome Http1Response::status_line(std::string_view text, Http1Exchange& exchange) {
  const auto status = decimal(text.substr(std::min<std::size_t>(9, text.size()), 3));
  if (!starts_ignoring_case(text, "HTTP/1.") || !status) {
    exchange.lose();
    return Outcome::kIgnore;
  }
  head_ = {};
  head_.set_status(static_cast<std::uint32_t>(*status));
  upgrade_ = Upgrade::kNone;
  framing_ = {};
  state_ = State::kFields;
  return Outcome::kMore;
}

void Http1Response::end_of_field() {
  const std::string_view field = field_;
  const std::size_t colon = field.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view name = field.substr(0, colon);
    const std::string_view value = trim(field.substr(colon + 1));
    framing_.field(name, value, false);
    head_.field(name, value);
    if (equals_ignoring_case(name, "upgrade")) upgrade_ = upgrade_of(value);
  }
  field_.clear();
}

Outcome Http1Response::end_of_head(FlowFacts& facts, Http1Exchange& exchange) {
  const PendingReply request = exchange.front();
  const std::uint32_t status = head_.status();
  head_bytes_ = 0;
  state_ = State::kStatusLine;
  if (status == 101 && request.upgrade != Upgrade::kNone) {
    head_.write(facts);
    // What the server says counts; one that does not say it has no choice but what was asked for.
    const Upgrade agreed = upgrade_ == Upgrade::kNone ? request.upgrade : upgrade_;
    return agreed == Upgrade::kHttp2 ? Outcome::kHttp2 : Outcome::kRestart;
  }
  if (status < 200) return Outcome::kMore;  // interim: the reply itself follows
  head_.write(facts);
  exchange.pop();
  if (request.connect && status < 300) return Outcome::kRestart;
  if (request.connect) exchange.refuse_tunnel();
  if (request.head || status == 204 || status == 304) return Outcome::kMore;
  if (framing_.ambiguous() || (!framing_.chunked() && !framing_.has_length())) {
    exchange.lose();  // until the server closes
    return Outcome::kIgnore;
  }
  body_.begin(framing_);
  if (!body_.done()) state_ = State::kBody;
  return Outcome::kMore;
}

}  // namespace weir::classifier
