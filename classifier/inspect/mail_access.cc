// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mail_access.h"

#include <algorithm>

namespace weir::classifier {

ParseStep MailAccessSession::from_client(Bytes bytes, FlowFacts&) {
  ParseStep step;
  while (step.consumed < bytes.size()) {
    if (waits_ == Waits::kTls)
      return {step.consumed, Outcome::kError};  // nothing may follow before the reply
    const LineReader::State read = client_.read(bytes, step.consumed);
    if (read == LineReader::State::kTooLong) return {step.consumed, Outcome::kFinal};
    if (read == LineReader::State::kNeedMore) break;
    if (protocol_ == MailAccess::kImap) {
      imap_command(client_.line());
    } else {
      pop3_command(client_.line());
    }
  }
  return step;
}

void MailAccessSession::imap_command(std::string_view line) {
  const std::string_view tag = take_word(line);
  const std::string_view verb = take_word(line);
  const bool tls = equals_ignoring_case(verb, "STARTTLS");
  const bool login = equals_ignoring_case(verb, "LOGIN") || equals_ignoring_case(verb, "AUTHENTICATE");
  if ((!tls && !login) || tag.size() > kMailAccessTagBytesMax) return;
  waits_ = tls ? Waits::kTls : Waits::kLogin;
  tag_ = tag;
}

void MailAccessSession::pop3_command(std::string_view line) {
  const std::string_view verb = take_word(line);
  if (equals_ignoring_case(verb, "STLS")) waits_ = Waits::kTls;
  if (equals_ignoring_case(verb, "PASS") || equals_ignoring_case(verb, "APOP") ||
      equals_ignoring_case(verb, "AUTH")) {
    waits_ = Waits::kLogin;
  }
}

ParseStep MailAccessSession::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  if (!facts.mail.seen) {
    facts.mail.seen = true;
    facts.mail.protocol = protocol_ == MailAccess::kImap ? "imap" : "pop3";
    step.changed = true;
  }
  while (step.consumed < bytes.size()) {
    const LineReader::State read = server_.read(bytes, step.consumed);
    if (read == LineReader::State::kTooLong) return {step.consumed, Outcome::kFinal};
    if (read == LineReader::State::kNeedMore) break;
    step.outcome = reply(server_.line(), facts);
    if (step.outcome != Outcome::kMore) break;
  }
  return step;
}

Outcome MailAccessSession::reply(std::string_view line, FlowFacts& facts) {
  const std::string offers = lower_case(line);
  const std::string_view keyword = protocol_ == MailAccess::kImap ? "starttls" : "stls";
  if (offers.find(keyword) != std::string::npos) facts.mail.starttls_offered = true;
  const std::string_view first = take_word(line);
  const std::string_view second = take_word(line);
  bool settled = false;
  bool accepted = false;
  if (protocol_ == MailAccess::kImap) {
    if (first == "*" && equals_ignoring_case(second, "PREAUTH")) return Outcome::kFinal;
    settled = !tag_.empty() && first == tag_;
    accepted = equals_ignoring_case(second, "OK");
  } else {
    accepted = first == "+OK";
    settled = accepted || first == "-ERR";
  }
  if (!settled || waits_ == Waits::kNothing) return Outcome::kMore;
  const Waits settles = waits_;
  waits_ = Waits::kNothing;
  if (!accepted) return Outcome::kMore;
  if (settles == Waits::kLogin) return Outcome::kFinal;
  facts.mail.starttls_used = true;
  return Outcome::kTls;
}

}  // namespace weir::classifier
