// SPDX-License-Identifier: Apache-2.0
// The message after DATA or in chunks, and the other reading of its bytes as commands.
#include <algorithm>
#include <utility>

#include "classifier/inspect/smtp_address.h"
#include "classifier/inspect/smtp_session.h"

namespace weir::classifier {

Outcome SmtpSession::begin_data(FlowFacts& facts) {
  confirm(facts);
  state_ = State::kDataWait;
  data_ = {};
  // The client may not wait for 354. Should the server refuse DATA, these bytes are commands to it.
  begin_other(facts);
  begin_message(facts);
  return push(Verb::kData);
}

/// BDAT size [LAST] (RFC 3030 section 2). A server that did not say CHUNKING may read on in lines.
Outcome SmtpSession::begin_chunk(std::string_view arguments, FlowFacts& facts) {
  const auto size = decimal(take_word(arguments));
  if (!size) return push(Verb::kOther);
  confirm(facts);
  chunk_left_ = *size;
  chunk_last_ = equals_ignoring_case(trim(arguments), "LAST");
  if (!mime_) begin_message(facts);
  state_ = State::kChunk;
  begin_other(facts);
  other_ = !chunking_;
  const Outcome pushed = push(Verb::kChunk, {}, chunk_last_);
  if (pushed != Outcome::kMore || chunk_left_ > 0) return pushed;
  state_ = State::kCommand;
  other_ = false;
  return chunk_last_ ? end_message(facts) : Outcome::kMore;
}

Outcome SmtpSession::chunk_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts) {
  const std::size_t available = other_ ? line_length(bytes, step.consumed) : bytes.size() - step.consumed;
  ParseStep part;
  if (!other_ && mime_ && mime_->done()) {
    part = take_body(chunk_left_, available);  // nothing more is of interest
    facts.mail.message.front().bytes += part.consumed + part.skip;
  } else {
    part.consumed = std::min<std::uint64_t>(chunk_left_, available);
    chunk_left_ -= part.consumed;
    const std::string_view text = as_text(bytes.subspan(step.consumed, part.consumed));
    step.changed |= message_text(text, facts);
    if (other_) part.outcome = other_bytes(text, facts);
  }
  step.consumed += part.consumed;
  step.skip = part.skip;
  if (chunk_left_ > 0 || part.skip > 0) return part.outcome;
  state_ = State::kCommand;
  command_.reset();
  if (other_line_.empty()) other_ = false;
  const Outcome end = chunk_last_ ? end_message(facts) : Outcome::kMore;
  return part.outcome == Outcome::kMore ? end : part.outcome;
}

Outcome SmtpSession::data_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts) {
  // Line by line as long as they may be commands.
  const std::size_t before = step.consumed;
  const Bytes upto = other_ ? bytes.first(before + line_length(bytes, before)) : bytes;
  const SmtpData::Result result = data_.read(
      upto, step.consumed, [&](std::string_view text) { step.changed |= message_text(text, facts); });
  Outcome other = Outcome::kMore;
  if (other_) other = other_bytes(as_text(bytes.subspan(before, step.consumed - before)), facts);
  if (result == SmtpData::Result::kSmuggled) {
    facts.mail.smuggling = smuggled_ = other_ = true;
    step.changed = true;
    other_lines_ = 0;
    other_line_.clear();
  }
  if (result != SmtpData::Result::kEnd) return other;
  if (smuggled_ && other_lines_ > 0) {
    lose_count(facts);  // nobody said which reading is the server's
  } else if (other_) {
    only_text(facts);
  }
  if (state_ == State::kDataWait) note_early_end();
  other_ = false;
  other_line_.clear();
  state_ = State::kCommand;
  command_.reset();
  const Outcome pushed = push(Verb::kDataEnd, {}, true);
  return pushed == Outcome::kMore ? end_message(facts) : pushed;
}

void SmtpSession::begin_message(FlowFacts& facts) {
  mime_ = std::make_unique<MimeReader>();
  facts.mail.begin_message(MailWay::kSent);
}

bool SmtpSession::message_text(std::string_view text, FlowFacts& facts) {
  if (!mime_ || facts.mail.message.empty()) return false;
  MailMessage& message = facts.mail.message.front();
  const bool changed = mime_->read(text, message);
  if (changed && message.headers_done) facts.mail.mailer = message.mailer;
  return changed;
}

/// The message is judged before anything behind it is read.
Outcome SmtpSession::end_message(FlowFacts& facts) {
  if (!mime_ || facts.mail.message.empty()) return Outcome::kMore;
  MailMessage& message = facts.mail.message.front();
  static_cast<void>(mime_->finish(message));
  mime_.reset();
  facts.mail.mailer = message.mailer;
  if (!counted_) ++facts.mail.messages;
  return Outcome::kName;
}

/// Up to and including a CR or LF: some servers take a bare CR for the end of a line.
std::size_t SmtpSession::line_length(Bytes bytes, std::size_t at) {
  const std::size_t end = as_text(bytes.subspan(at)).find_first_of("\r\n");
  return end == std::string_view::npos ? bytes.size() - at : end + 1;
}

/// `text` has at most one line end, at its end.
Outcome SmtpSession::other_bytes(std::string_view text, FlowFacts& facts) {
  const bool ends = text.ends_with('\r') || text.ends_with('\n');
  if (ends) text.remove_suffix(1);
  other_line_ += text.substr(0, kSmtpLineBytesMax - std::min(kSmtpLineBytesMax, other_line_.size()));
  return ends ? other_line(facts) : Outcome::kMore;
}

Outcome SmtpSession::other_line(FlowFacts& facts) {
  const std::string taken = std::exchange(other_line_, {});
  std::string_view arguments = trim(taken);
  if (arguments.empty()) return Outcome::kMore;
  ++other_lines_;
  const std::string_view verb = take_word(arguments);
  MailFacts& mail = facts.mail;
  const bool sender = equals_ignoring_case(verb, "MAIL");
  if (!sender && !equals_ignoring_case(verb, "RCPT")) {
    if (equals_ignoring_case(verb, "STARTTLS") && mail.smuggling) starttls_waits_ = true;
    return Outcome::kMore;
  }
  const auto address = parse_mail_path(arguments, sender ? "FROM" : "TO");
  if (!address) return Outcome::kMore;
  if (sender) {
    mail.sender = *address;
  } else {
    mail.pending_recipient = *address;
  }
  return Outcome::kName;
}

void SmtpSession::begin_other(const FlowFacts& facts) {
  other_ = true;
  smuggled_ = false;
  other_lines_ = 0;
  other_line_.clear();
  text_sender_ = facts.mail.sender;
}

/// What looked like text were commands: the server said so.
void SmtpSession::only_commands(FlowFacts& facts) {
  state_ = State::kCommand;
  command_.begin_with(other_line_);
  if (other_lines_ > 0) lose_count(facts);
  other_ = false;
  other_line_.clear();
  mime_.reset();
}

/// What looked like commands was text.
void SmtpSession::only_text(FlowFacts& facts) {
  if (other_lines_ > 0) {
    facts.mail.sender = text_sender_;
    facts.mail.pending_recipient.clear();
  }
  other_ = false;
  other_lines_ = 0;
  other_line_.clear();
}

/// The message ended before DATA was answered.
void SmtpSession::note_early_end() {
  const auto data = std::find_if(outstanding_.rbegin(), outstanding_.rend(),
                                 [](const Command& command) { return command.verb == Verb::kData; });
  if (data != outstanding_.rend()) data->last = true;
}

void SmtpSession::lose_count(FlowFacts& facts) {
  counted_ = false;
  facts.mail.smuggling = true;
  outstanding_.clear();
}

}  // namespace weir::classifier
