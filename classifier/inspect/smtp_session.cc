// SPDX-License-Identifier: Apache-2.0
// The client's commands; messages are in smtp_message.cc, the server's side in smtp_replies.cc.
#include "classifier/inspect/smtp_session.h"

#include <algorithm>
#include <utility>

#include "classifier/inspect/smtp_address.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kHeloBytesMax = 255;

}  // namespace

ParseStep SmtpSession::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  if (refused_) return step;
  if (line_bytes_ > 0 && !line_held_) line_left_ = true;
  if (!readings_.empty()) {
    step.outcome = next_reading(facts);
    step.again = true;
    return step;
  }
  if (!named_.empty()) facts.mail.pending_recipient = std::exchange(named_, {});
  if (line_deferred_) {
    line_deferred_ = false;
    step.outcome = command_line(facts);
  }
  while (step.outcome == Outcome::kMore && step.consumed < bytes.size()) {
    if (state_ == State::kCommand) {
      step.outcome = command_bytes(bytes, step, facts);
    } else if (state_ == State::kChunk) {
      step.outcome = chunk_bytes(bytes, step, facts);
      if (step.skip > 0) return step;
    } else {
      step.outcome = data_bytes(bytes, step, facts);
    }
  }
  step.again = line_deferred_ || !readings_.empty() || !named_.empty();
  line_held_ = command_bytes_open() > 0;
  return step;
}

Outcome SmtpSession::command_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts) {
  if (starttls_waits_) {
    // RFC 3207 section 4: nothing may follow STARTTLS before its reply. A server that buffers it takes it for
    // a command of the encrypted session.
    behind_starttls_ = facts.mail.smuggling = true;
  }
  const std::size_t before = step.consumed;
  const LineReader::State read = command_.read(bytes, step.consumed);
  line_bytes_ += step.consumed - before;
  if (tentative_) tentative_bytes_ += step.consumed - before;
  if (read == LineReader::State::kTooLong) return tentative_ ? Outcome::kFinal : Outcome::kLimit;
  if (tentative_bytes_ > kSmtpTentativeBytesMax && tentative_) return Outcome::kFinal;
  if (read == LineReader::State::kNeedMore) return Outcome::kMore;
  refusable_bytes_ = std::exchange(line_bytes_, 0);
  refusable_whole_ = !std::exchange(line_left_, false);
  if (other_) {  // a chunk that was not offered ended within a line of the other reading
    other_line_ += command_.line();
    other_ = false;
    const Outcome other = other_line(facts);
    if (other != Outcome::kMore) {
      line_deferred_ = other == Outcome::kName;
      return other;
    }
  }
  return command_line(facts);
}

/// What a server may read in another way, or may not be counting with us, cannot be taken out of the stream;
/// nor can a message, or the command that begins one.
Refusal SmtpSession::refusal(std::uint32_t consumed) const {
  const bool plain = counted_ && !tentative_ && !smuggled_ && !behind_starttls_ && !other_ && !line_deferred_;
  if (!plain || state_ != State::kCommand || mime_ != nullptr)
    return {.form = RefusalForm::kSmtpMessage, .in_turn = outstanding_.size() <= 1 && !refused_};
  Refusal refusal{.form = RefusalForm::kSmtpLater, .in_turn = outstanding_.size() == 1 && !refused_};
  if (refusable_bytes_ > 0 && line_bytes_ == 0 && !outstanding_.empty()) {
    refusal.form = RefusalForm::kSmtpCommand;
    refusal.whole = refusable_whole_;
    refusal.end = consumed;
    refusal.from = consumed - static_cast<std::uint32_t>(refusable_bytes_);
  }
  return refusal;
}

void SmtpSession::refuse_command(FlowFacts& facts) {
  Command& refused = outstanding_.back();
  if (refused.verb == Verb::kMail) facts.mail.sender = sender_;
  facts.mail.pending_recipient.clear();
  refused = {Verb::kRefused, {}};
  refused_ = true;
  readings_.clear();
  named_.clear();
  refusable_bytes_ = 0;
}

Outcome SmtpSession::command_line(FlowFacts& facts) {
  if (auth_line_next_) {
    auth_line(facts);
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
    mime_.reset();
    lmtp_ = is("LHLO");
    facts.mail.helo = printable(lower_case(take_word(arguments)), kHeloBytesMax);
    const Outcome pushed = push(Verb::kHello);
    return pushed == Outcome::kMore ? Outcome::kName : pushed;
  }
  if (is("MAIL")) return envelope(Verb::kMail, arguments, facts);
  if (is("RCPT")) return envelope(Verb::kRcpt, arguments, facts);
  if (is("RSET")) {
    mime_.reset();
    return push(Verb::kReset);
  }
  if (is("AUTH")) return auth(arguments, facts);
  if (is("DATA")) return begin_data(facts);
  if (is("BDAT")) return begin_chunk(arguments, facts);
  if (is("STARTTLS")) {
    confirm(facts);
    starttls_waits_ = true;
    behind_starttls_ = false;
    return push(Verb::kStartTls);
  }
  return push(Verb::kOther);
}

Outcome SmtpSession::envelope(Verb verb, std::string_view arguments, FlowFacts& facts) {
  const auto address = parse_mail_path(arguments, verb == Verb::kMail ? "FROM" : "TO");
  if (!address) return push(Verb::kOther);  // a syntax error for any server
  confirm(facts);
  MailFacts& mail = facts.mail;
  if (verb == Verb::kMail) {
    mail.sender = *address;
    mail.message.clear();
    mime_.reset();
    if (!counted_) mail.recipients.clear();
  } else {
    mail.pending_recipient = *address;
    readings_ = relayed_readings(*address);
    if (!readings_.empty()) named_ = *address;
    if (!counted_) {
      if (mail.recipients.size() == kMailRecipientsMax) return Outcome::kLimit;
      mail.recipients.push_back(*address);
    }
  }
  const Outcome pushed = push(verb, *address);
  return pushed == Outcome::kMore ? Outcome::kName : pushed;
}

/// A relay may read a part of the local part as the address: that is judged as well, but is no recipient.
Outcome SmtpSession::next_reading(FlowFacts& facts) {
  facts.mail.pending_recipient = std::move(readings_.back());
  readings_.pop_back();
  return Outcome::kName;
}

Outcome SmtpSession::auth(std::string_view arguments, FlowFacts& facts) {
  sasl_.begin(take_word(arguments));
  if (!tentative_ && !arguments.empty()) {
    std::string user = sasl_.response(arguments);
    if (!user.empty()) facts.mail.user = std::move(user);
  }
  const Outcome pushed = push(Verb::kAuth);
  command_.wipe();
  return pushed;
}

void SmtpSession::auth_line(FlowFacts& facts) {
  refusable_bytes_ = 0;  // half of a command
  auth_line_next_ = false;
  std::string user = sasl_.response(command_.line());
  if (!tentative_ && !user.empty()) facts.mail.user = std::move(user);
  command_.wipe();
}

Outcome SmtpSession::push(Verb verb, std::string address, bool last) {
  if (!counted_) return Outcome::kMore;
  // More than that wait when LMTP answers each of many recipients.
  if (outstanding_.size() >= kSmtpOutstandingMax) return Outcome::kLimit;
  outstanding_.push_back({verb, std::move(address), last});
  return Outcome::kMore;
}

void SmtpSession::confirm(FlowFacts& facts) {
  MailFacts& mail = facts.mail;
  tentative_ = false;
  mail.seen = true;
  mail.protocol = submission_ ? "submission" : "smtp";
  if (mail.visibility.empty()) mail.visibility = "cleartext";
  if (mail.server_banner.empty()) mail.server_banner = std::exchange(banner_, {});
}

std::size_t SmtpSession::bytes_held() const {
  std::size_t total = command_.line().size() + reply_.line().size() + other_line_.size();
  for (const Command& command : outstanding_) total += sizeof(Command) + command.address.size();
  return total + (mime_ ? mime_->bytes_held() : 0);
}

}  // namespace weir::classifier
