// SPDX-License-Identifier: Apache-2.0
// The client's side of the session; the server's is in smtp_replies.cc.
#include "classifier/inspect/smtp_session.h"

#include <algorithm>

#include "classifier/inspect/smtp_address.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kHeloBytesMax = 255;

}  // namespace

ParseStep SmtpSession::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    if (state_ == State::kChunk) {
      const ParseStep part = take_body(chunk_left_, bytes.size() - step.consumed);
      step.consumed += part.consumed;
      if (chunk_left_ == 0) state_ = State::kCommand;
      if (part.skip > 0) return {step.consumed, Outcome::kMore, false, false, part.skip};
      continue;
    }
    if (state_ != State::kCommand) {
      step.outcome = message(bytes, step.consumed, facts);
      if (step.outcome != Outcome::kMore) return step;
      continue;
    }
    // RFC 3207 section 4: nothing may follow STARTTLS before its reply. A server that buffers it takes it for
    // a command of the encrypted session.
    if (starttls_waits_) return {step.consumed, Outcome::kError};
    const std::size_t before = step.consumed;
    const LineReader::State read = command_.read(bytes, step.consumed);
    if (tentative_) tentative_bytes_ += step.consumed - before;
    if (read == LineReader::State::kTooLong)
      return {step.consumed, tentative_ ? Outcome::kFinal : Outcome::kLimit};
    if (tentative_bytes_ > kSmtpTentativeBytesMax && tentative_) return {step.consumed, Outcome::kFinal};
    if (read == LineReader::State::kNeedMore) break;
    step.outcome = command_line(facts);
    if (step.outcome != Outcome::kMore) return step;
  }
  return step;
}

Outcome SmtpSession::command_line(FlowFacts& facts) {
  if (auth_line_next_) {
    auth_line_next_ = false;
    return Outcome::kMore;
  }
  if (!tentative_ && (command_.has_nul() || command_.has_bare_cr())) return Outcome::kError;
  std::string_view arguments = trim(command_.line());
  if (arguments.empty()) return push(Verb::kOther);
  const std::string_view verb = take_word(arguments);
  return command(verb, arguments, facts);
}

Outcome SmtpSession::command(std::string_view verb, std::string_view arguments, FlowFacts& facts) {
  const auto is = [&](std::string_view known) { return equals_ignoring_case(verb, known); };
  if (is("EHLO") || is("HELO") || is("LHLO")) {
    confirm(facts);
    lmtp_ = is("LHLO");
    facts.mail.helo = printable(lower_case(take_word(arguments)), kHeloBytesMax);
    const Outcome pushed = push(Verb::kHello);
    return pushed == Outcome::kMore ? Outcome::kName : pushed;
  }
  if (is("MAIL")) return envelope(Verb::kMail, arguments, facts);
  if (is("RCPT")) return envelope(Verb::kRcpt, arguments, facts);
  if (is("RSET")) return push(Verb::kReset);
  if (is("AUTH")) return push(Verb::kAuth);
  if (is("DATA")) {
    confirm(facts);
    state_ = State::kDataWait;
    data_ = {};
    return push(Verb::kData);
  }
  if (is("BDAT") && chunking_) return chunk(arguments);
  if (is("STARTTLS")) {
    confirm(facts);
    starttls_waits_ = true;
    return push(Verb::kStartTls);
  }
  return push(Verb::kOther);
}

Outcome SmtpSession::envelope(Verb verb, std::string_view arguments, FlowFacts& facts) {
  const auto address = parse_mail_path(arguments, verb == Verb::kMail ? "FROM" : "TO");
  if (!address) return push(Verb::kOther);  // a syntax error for any server
  confirm(facts);
  if (verb == Verb::kMail) {
    facts.mail.sender = *address;
  } else {
    facts.mail.pending_recipient = *address;
  }
  const Outcome pushed = push(verb, *address);
  return pushed == Outcome::kMore ? Outcome::kName : pushed;
}

/// BDAT size [LAST] (RFC 3030 section 2), only where the server said CHUNKING: any other reads on in lines.
Outcome SmtpSession::chunk(std::string_view arguments) {
  const auto size = decimal(take_word(arguments));
  if (!size) return push(Verb::kOther);
  chunk_left_ = *size;
  if (chunk_left_ > 0) state_ = State::kChunk;
  return push(Verb::kDataEnd, {}, equals_ignoring_case(trim(arguments), "LAST"));
}

Outcome SmtpSession::message(Bytes bytes, std::size_t& at, FlowFacts& facts) {
  const std::size_t before = at;
  const SmtpData::Result result = data_.read(bytes, at);
  if (state_ == State::kDataWait) {
    // The client does not wait for 354. Should the server refuse DATA, these bytes are commands to it.
    const Outcome early = early_lines(bytes.subspan(before, at - before));
    if (early != Outcome::kMore) return early;
  }
  if (result == SmtpData::Result::kSmuggled) return Outcome::kError;
  if (result == SmtpData::Result::kMore) return Outcome::kMore;
  state_ = State::kCommand;
  command_.reset();
  const std::size_t replies = lmtp_ ? std::max<std::size_t>(1, facts.mail.recipients.size()) : 1;
  for (std::size_t i = 0; i < replies; ++i) {
    const Outcome pushed = push(Verb::kDataEnd, {}, i == 0);
    if (pushed != Outcome::kMore) return pushed;
  }
  return Outcome::kMore;
}

Outcome SmtpSession::early_lines(Bytes bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const LineReader::State read = command_.read(bytes, at);
    if (read == LineReader::State::kTooLong) return Outcome::kLimit;
    if (read == LineReader::State::kNeedMore) break;
    const std::string_view line = trim(command_.line());
    if (starts_ignoring_case(line, "MAIL FROM") || starts_ignoring_case(line, "RCPT TO"))
      return Outcome::kError;
  }
  return Outcome::kMore;
}

Outcome SmtpSession::push(Verb verb, std::string address, bool last) {
  if (outstanding_.size() == kSmtpOutstandingMax) return Outcome::kLimit;
  outstanding_.push_back({verb, std::move(address), last});
  return Outcome::kMore;
}

void SmtpSession::confirm(FlowFacts& facts) {
  tentative_ = false;
  facts.mail.seen = true;
  facts.mail.protocol = submission_ ? "submission" : "smtp";
}

std::size_t SmtpSession::bytes_held() const {
  std::size_t total = command_.line().size() + reply_.line().size();
  for (const Command& command : outstanding_) total += sizeof(Command) + command.address.size();
  return total;
}

}  // namespace weir::classifier
