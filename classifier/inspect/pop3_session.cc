// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/pop3_session.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {}  // namespace

ParseStep Pop3Session::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (step.outcome == Outcome::kMore && step.consumed < bytes.size()) {
    if (tls_waits_) return {step.consumed, Outcome::kError};  // nothing may follow before the reply
    if (!client_.read(bytes, step.consumed)) break;
    step.outcome = client_line(facts);
  }
  return step;
}

Outcome Pop3Session::client_line(FlowFacts& facts) {
  std::string_view line = client_.line();
  const auto known_user = [&](std::string user) {
    if (!user.empty()) facts.mail.user = printable(user, kMailUserBytesMax);
  };
  if (auth_line_next_) {
    auth_line_next_ = false;
    known_user(sasl_.response(line));
    client_.wipe();
    return Outcome::kMore;
  }
  if (outstanding_.size() == kPop3OutstandingMax) return Outcome::kFinal;
  const std::string_view verb = take_word(line);
  const auto is = [&](std::string_view known) { return equals_ignoring_case(verb, known); };
  Reply reply = Reply::kLine;
  if (is("RETR") || is("TOP")) reply = Reply::kMessage;
  if (is("CAPA") || ((is("LIST") || is("UIDL") || is("AUTH")) && trim(line).empty())) reply = Reply::kLines;
  if (is("STLS")) {
    reply = Reply::kTls;
    tls_waits_ = true;
  }
  if (is("AUTH") && reply != Reply::kLines) {
    reply = Reply::kAuth;
    sasl_.begin(take_word(line));
    if (!line.empty()) known_user(sasl_.response(line));
  }
  if (is("USER")) known_user(std::string(trim(line)));
  if (is("APOP")) known_user(std::string(take_word(line)));
  outstanding_.push_back(reply);
  if (is("PASS") || is("APOP") || is("AUTH")) client_.wipe();
  return Outcome::kMore;
}

ParseStep Pop3Session::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  MailFacts& mail = facts.mail;
  if (!mail.seen) {
    mail.seen = true;
    mail.protocol = "pop3";
    mail.visibility = "cleartext";
    step.changed = true;
  }
  while (step.outcome == Outcome::kMore && step.consumed < bytes.size()) {
    if (state_ == State::kMessage) {
      step.outcome = message_bytes(bytes, step, facts);
      continue;
    }
    if (!server_.read(bytes, step.consumed)) break;
    if (state_ == State::kStatus) {
      step.outcome = status(facts);
    } else {
      if (equals_ignoring_case(trim(server_.line()), "STLS")) mail.starttls_offered = true;
      if (server_.line() == ".") state_ = State::kStatus;
    }
  }
  return step;
}

Outcome Pop3Session::status(FlowFacts& facts) {
  std::string_view line = server_.line();
  const std::string_view word = take_word(line);
  if (word == "+") {
    auth_line_next_ = !outstanding_.empty() && outstanding_.front() == Reply::kAuth;
    return Outcome::kMore;
  }
  const bool ok = equals_ignoring_case(word, "+OK");
  if (!ok && !equals_ignoring_case(word, "-ERR")) return Outcome::kMore;
  if (facts.mail.server_banner.empty() && ok) facts.mail.server_banner = printable(line, kBannerBytesMax);
  if (outstanding_.empty()) return Outcome::kMore;
  const Reply reply = outstanding_.front();
  outstanding_.pop_front();
  auth_line_next_ = false;
  if (reply == Reply::kTls) tls_waits_ = false;
  if (!ok) return Outcome::kMore;
  if (reply == Reply::kLines) state_ = State::kLines;
  if (reply == Reply::kMessage) {
    state_ = State::kMessage;
    data_ = {};
    mime_ = std::make_unique<MimeReader>();
    facts.mail.begin_message(MailWay::kFetched);
  }
  if (reply != Reply::kTls) return Outcome::kMore;
  facts.mail.starttls_used = true;
  facts.mail.visibility = "opportunistic-tls";
  return Outcome::kTls;
}

Outcome Pop3Session::message_bytes(Bytes bytes, ParseStep& step, FlowFacts& facts) {
  MailMessage& message = facts.mail.message.front();
  const SmtpData::Result result = data_.read(
      bytes, step.consumed, [&](std::string_view text) { step.changed |= mime_->read(text, message); });
  // A line of one dot with odd line ends is text: the client has the last word here, not a relay.
  if (result != SmtpData::Result::kEnd) return Outcome::kMore;
  state_ = State::kStatus;
  static_cast<void>(mime_->finish(message));
  mime_.reset();
  ++facts.mail.messages;
  return Outcome::kName;
}

std::size_t Pop3Session::bytes_held() const {
  return client_.bytes_held() + server_.bytes_held() + outstanding_.size() +
         (mime_ ? mime_->bytes_held() : 0);
}

}  // namespace weir::classifier
