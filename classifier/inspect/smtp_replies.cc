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
  if (verb == Verb::kGreeting) {
    if (banner_.empty()) banner_ = printable(text, kMailBannerBytesMax);
    const std::string offers = lower_case(text);
    if (offers.find("smtp") != std::string::npos || offers.find("lmtp") != std::string::npos) confirm(facts);
  }
  if (verb == Verb::kHello && accepted()) {
    const std::string_view keyword = take_word(text);
    if (equals_ignoring_case(keyword, "STARTTLS")) facts.mail.starttls_offered = true;
    if (equals_ignoring_case(keyword, "CHUNKING")) chunking_ = true;
  }
}

ParseStep SmtpSession::reply(std::size_t consumed, FlowFacts& facts) {
  ParseStep step{consumed, Outcome::kMore, true};
  if (!counted_) {
    step.outcome = uncounted_reply(facts);
    return step;
  }
  // 421 at any time, or the server took another end of the data than we did.
  if (outstanding_.empty() || refusal_due()) {
    if (state_ == State::kData && smuggled_ && code_ != 421) {
      if (accepted()) ++facts.mail.messages;
      if (mime_ && !facts.mail.message.empty()) static_cast<void>(mime_->finish(facts.mail.message.front()));
      only_commands(facts);
    }
    return step;
  }
  if (outstanding_.front().verb == Verb::kAuth && code_ == 334) {
    auth_continues(facts);
    return step;
  }
  const Command command = std::move(outstanding_.front());
  outstanding_.pop_front();
  step.outcome = settle(command, facts);
  return step;
}

Outcome SmtpSession::settle(const Command& command, FlowFacts& facts) {
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
      return recipient_reply(command, facts);
    case Verb::kData:
      data_reply(command, facts);
      break;
    case Verb::kDataEnd:
      if (accepted()) ++mail.messages;
      more_message_replies(mail);
      break;
    case Verb::kChunk:
      chunk_reply(command, facts);
      break;
    case Verb::kStartTls:
      if (code_ == 220) return start_tls(facts);
      starttls_waits_ = false;
      break;
    case Verb::kAuth:
      // FTP's AUTH TLS (RFC 4217): what follows is TLS, whatever the session turns out to be.
      if (tentative_ && code_ == 234) return Outcome::kTls;
      break;
    case Verb::kGreeting:
    case Verb::kRefused:
    case Verb::kOther:
      break;
  }
  return Outcome::kMore;
}

/// Which command it answers is not known, but some answers are given to one kind of command only.
Outcome SmtpSession::uncounted_reply(FlowFacts& facts) {
  if (code_ == 220 && starttls_waits_) return start_tls(facts);
  if (code_ == 354 && state_ == State::kDataWait) {
    state_ = State::kData;
    if (!smuggled_) only_text(facts);
  }
  return Outcome::kMore;
}

Outcome SmtpSession::start_tls(FlowFacts& facts) {
  starttls_waits_ = false;
  facts.mail.starttls_used = true;
  facts.mail.visibility = "opportunistic-tls";
  return behind_starttls_ ? Outcome::kError : Outcome::kTls;
}

void SmtpSession::data_reply(const Command& command, FlowFacts& facts) {
  if (command.last) {
    if (code_ != 354) lose_count(facts);  // the message was read as commands
    return;
  }
  if (state_ != State::kDataWait) return;
  if (code_ == 354) {
    state_ = State::kData;
    if (!smuggled_) only_text(facts);
    return;
  }
  only_commands(facts);
  facts.mail.message.clear();
}

/// RFC 2033 section 4.2: one reply for each recipient; the first one was read.
void SmtpSession::more_message_replies(const MailFacts& mail) {
  if (lmtp_ && mail.recipients.size() > 1)
    outstanding_.insert(outstanding_.begin(), mail.recipients.size() - 1, Command{});
}

/// A server that knows chunks swallows one that it refuses (RFC 3030 section 2); another reads lines.
void SmtpSession::chunk_reply(const Command& command, FlowFacts& facts) {
  if (accepted() && command.last) ++facts.mail.messages;
  if (command.last) more_message_replies(facts.mail);
  if (state_ == State::kChunk && other_ && (accepted() || chunking_)) only_text(facts);
  if (accepted() || chunking_) return;
  if (state_ == State::kChunk) {
    only_commands(facts);
  } else if (other_lines_ > 0) {
    lose_count(facts);
  }
}

/// The line behind AUTH is its answer, also when it was sent before it was asked for.
void SmtpSession::auth_continues(FlowFacts& facts) {
  if (outstanding_.size() == 1) {
    auth_line_next_ = true;
    return;
  }
  const Verb verb = outstanding_[1].verb;
  outstanding_.erase(outstanding_.begin() + 1);
  if (verb == Verb::kData || verb == Verb::kChunk || verb == Verb::kStartTls) lose_count(facts);
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
