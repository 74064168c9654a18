// SPDX-License-Identifier: Apache-2.0
// The server's side of an SMTP session: each reply settles the oldest command that waits for one.
#include <algorithm>

#include "classifier/inspect/smtp_session.h"

namespace weir::classifier {

ParseStep SmtpSession::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  bool changed = false;
  while (step.consumed < bytes.size()) {
    const LineReader::State read = reply_.read(bytes, step.consumed);
    if (read == LineReader::State::kTooLong)
      return {step.consumed, tentative_ ? Outcome::kFinal : Outcome::kLimit};
    if (read == LineReader::State::kNeedMore) break;
    const std::string_view line = reply_.line();
    const auto code = decimal(line.substr(0, 3));
    if (line.size() < 3 || !code) continue;  // a client would ignore it or hang up
    code_ = static_cast<unsigned>(*code);
    reply_line(line.substr(std::min<std::size_t>(4, line.size())), facts);
    if (line.size() > 3 && line[3] == '-') continue;  // RFC 5321 section 4.2.1: more lines follow
    step = reply(step.consumed, facts);
    changed |= step.changed;
    if (step.outcome != Outcome::kMore) break;
  }
  step.changed = changed;
  return step;
}

/// What the text of a reply line offers.
void SmtpSession::reply_line(std::string_view text, FlowFacts& facts) {
  const Verb verb = outstanding_.empty() ? Verb::kOther : outstanding_.front().verb;
  if (verb == Verb::kGreeting && lower_case(text).find("smtp") != std::string::npos) confirm(facts);
  if (verb == Verb::kHello && accepted()) {
    const std::string_view keyword = take_word(text);
    if (equals_ignoring_case(keyword, "STARTTLS")) facts.mail.starttls_offered = true;
    if (equals_ignoring_case(keyword, "CHUNKING")) chunking_ = true;
  }
}

ParseStep SmtpSession::reply(std::size_t consumed, FlowFacts& facts) {
  ParseStep step{consumed, Outcome::kMore, true};
  if (outstanding_.empty()) return step;  // 421 at any time
  if (outstanding_.front().verb == Verb::kAuth && code_ == 334) {
    auth_line_next_ = true;
    return step;
  }
  const Command command = std::move(outstanding_.front());
  outstanding_.pop_front();
  MailFacts& mail = facts.mail;
  switch (command.verb) {
    case Verb::kHello:
    case Verb::kReset:
      if (accepted()) mail.recipients.clear();
      break;
    case Verb::kMail:
      if (accepted()) {
        sender_ = command.address;
        mail.recipients.clear();
      } else if (mail.sender == command.address) {
        mail.sender = sender_;
      }
      break;
    case Verb::kRcpt:
      step.outcome = recipient_reply(command, facts);
      break;
    case Verb::kData:
      if (state_ != State::kDataWait) break;
      state_ = code_ == 354 ? State::kData : State::kCommand;
      if (state_ == State::kData) command_.reset();
      break;
    case Verb::kDataEnd:
      if (accepted() && command.last) ++mail.messages;
      break;
    case Verb::kStartTls:
      starttls_waits_ = false;
      if (code_ != 220) break;
      mail.starttls_used = true;
      step.outcome = Outcome::kTls;
      break;
    case Verb::kAuth:
      // FTP's AUTH TLS (RFC 4217): what follows is TLS, whatever the session turns out to be.
      if (tentative_ && code_ == 234) step.outcome = Outcome::kTls;
      break;
    case Verb::kGreeting:
    case Verb::kOther:
      break;
  }
  return step;
}

Outcome SmtpSession::recipient_reply(const Command& command, FlowFacts& facts) {
  MailFacts& mail = facts.mail;
  if (mail.pending_recipient == command.address) mail.pending_recipient.clear();
  if (!accepted()) return Outcome::kMore;
  if (mail.recipients.size() == kMailRecipientsMax) return Outcome::kLimit;
  mail.recipients.push_back(command.address);
  return Outcome::kMore;
}

}  // namespace weir::classifier
