// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/imap_session.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

/// An atom or a quoted string.
std::string first_argument(std::string_view text) {
  if (!text.starts_with('"')) return std::string(take_word(text));
  std::string out;
  for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

/// What a FETCH answer says its literal is.
struct Item {
  bool whole = false;
  bool partial = false;
  std::uint64_t origin = 0;
};

Item item_of(std::string_view before) {
  Item item;
  std::string text = lower_case(trim(before));
  if (text.ends_with('>')) {
    const std::size_t open = text.rfind('<');
    if (open == std::string::npos) return item;
    const auto origin = decimal(std::string_view{text}.substr(open + 1, text.size() - open - 2));
    if (!origin) return item;
    item.partial = true;
    item.origin = *origin;
    text.resize(open);
  }
  const auto ends_with_item = [&](std::string_view name) {
    if (!std::string_view{text}.ends_with(name)) return false;
    const std::size_t at = text.size() - name.size();
    return at == 0 || text[at - 1] == ' ' || text[at - 1] == '(';
  };
  item.whole = ends_with_item("body[]") || ends_with_item("rfc822") || ends_with_item("binary[]");
  return item;
}

}  // namespace

std::optional<std::uint64_t> ImapSession::literal_at_end(std::string_view line, std::string_view& before) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  std::string_view size = line.substr(open + 1, line.size() - open - 2);
  if (size.ends_with('+') || size.ends_with('-')) size.remove_suffix(1);
  before = line.substr(0, open);
  if (before.ends_with('~')) before.remove_suffix(1);
  return decimal(size);
}

ParseStep ImapSession::from_client(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  while (step.outcome == Outcome::kMore && step.skip == 0 && step.consumed < bytes.size()) {
    if (client_literal_.left > 0) {
      step.outcome = literal_bytes(client_literal_, Owner::kClient, bytes, step, facts);
      continue;
    }
    if (waits_ == Waits::kTls)
      return {step.consumed, Outcome::kError};  // nothing may follow before the reply
    if (!client_.read(bytes, step.consumed)) break;
    step.outcome = client_line(facts);
  }
  return step;
}

Outcome ImapSession::client_line(FlowFacts& facts) {
  std::string_view line = client_.line();
  if (auth_line_next_) {
    auth_line_next_ = false;
    std::string user = sasl_.response(line);
    if (!user.empty()) facts.mail.user = std::move(user);
    client_.wipe();
    return Outcome::kMore;
  }
  std::string_view before;
  const auto size = literal_at_end(line, before);
  Use use = continues_ && append_ ? Use::kMessage : Use::kSkip;
  bool secret = false;
  if (!continues_) {
    const std::string_view tag = take_word(line);
    const std::string_view verb = take_word(line);
    const auto is = [&](std::string_view known) { return equals_ignoring_case(verb, known); };
    command_tag_ = tag.substr(0, kImapTagBytesMax);
    append_ = is("APPEND");
    if (append_) use = Use::kMessage;
    if (is("STARTTLS")) waits_ = Waits::kTls;
    if (is("COMPRESS")) waits_ = Waits::kCompress;
    if (is("AUTHENTICATE")) {
      waits_ = Waits::kAuth;
      sasl_.begin(take_word(line));
      std::string user = line.empty() ? std::string{} : sasl_.response(line);
      if (!user.empty()) facts.mail.user = std::move(user);
    }
    if (is("STARTTLS") || is("COMPRESS") || is("AUTHENTICATE")) tag_ = command_tag_;
    secret = is("AUTHENTICATE") || is("LOGIN");
    if (is("LOGIN")) {
      const bool literal_user = size && trim(line).front() == '{';
      login(line, literal_user, facts);
      if (literal_user) use = Use::kUser;
    }
  }
  continues_ = size.has_value();
  if (size) client_literal_ = {*size, use, true, false};
  if (secret || !append_) client_.wipe();  // the rest of a LOGIN is a password as well
  if (!size || use != Use::kMessage) return Outcome::kMore;
  begin_message(Owner::kClient, facts);
  return *size == 0 ? end_message(facts) : Outcome::kMore;
}

void ImapSession::login(std::string_view arguments, bool literal, FlowFacts& facts) {
  user_.clear();
  if (!literal) facts.mail.user = printable(first_argument(arguments), kMailUserBytesMax);
}

ParseStep ImapSession::from_server(Bytes bytes, FlowFacts& facts) {
  ParseStep step;
  MailFacts& mail = facts.mail;
  if (!mail.seen) {
    mail.seen = true;
    mail.protocol = "imap";
    mail.visibility = "cleartext";
    step.changed = true;
  }
  while (step.outcome == Outcome::kMore && step.skip == 0 && step.consumed < bytes.size()) {
    if (server_literal_.left > 0) {
      step.outcome = literal_bytes(server_literal_, Owner::kServer, bytes, step, facts);
      continue;
    }
    if (!server_.read(bytes, step.consumed)) break;
    step.outcome = server_line(facts);
  }
  return step;
}

Outcome ImapSession::server_line(FlowFacts& facts) {
  std::string_view line = server_.line();
  MailFacts& mail = facts.mail;
  std::string_view before;
  if (const auto size = literal_at_end(line, before)) {
    server_literal_ = {*size, Use::kSkip, false, false};
    fetched(before, *size, facts);
    return Outcome::kMore;
  }
  const bool offers_tls = lower_case(line).find("starttls") != std::string::npos;
  const std::string_view first = take_word(line);
  const std::string_view second = take_word(line);
  if (first == "*") {
    if (offers_tls) mail.starttls_offered = true;
    const bool greeting = equals_ignoring_case(second, "OK") || equals_ignoring_case(second, "PREAUTH");
    if (greeting && mail.server_banner.empty()) mail.server_banner = printable(line, kBannerBytesMax);
    return Outcome::kMore;
  }
  if (first == "+") {
    auth_line_next_ = waits_ == Waits::kAuth;
    return Outcome::kMore;
  }
  if (offers_tls) mail.starttls_offered = true;  // a CAPABILITY code in a tagged OK
  if (first == command_tag_ && client_literal_.untouched && !equals_ignoring_case(second, "OK")) {
    client_literal_ = {};  // refused: the client goes on with another command
    continues_ = false;
  }
  return waits_ != Waits::kNothing && first == tag_ ? tagged(second, facts) : Outcome::kMore;
}

Outcome ImapSession::tagged(std::string_view status, FlowFacts& facts) {
  const Waits settles = waits_;
  waits_ = Waits::kNothing;
  auth_line_next_ = false;
  if (!equals_ignoring_case(status, "OK")) return Outcome::kMore;
  if (settles == Waits::kCompress) return Outcome::kFinal;
  if (settles != Waits::kTls) return Outcome::kMore;
  facts.mail.starttls_used = true;
  facts.mail.visibility = "opportunistic-tls";
  return Outcome::kTls;
}

/// The server's literal begins: is it a message, or its next piece?
void ImapSession::fetched(std::string_view before, std::uint64_t bytes, FlowFacts& facts) {
  const Item item = item_of(before);
  if (!item.whole || bytes == 0) return;
  const bool next_piece = item.partial && item.origin != 0;
  if (next_piece && (owner_ != Owner::kServer || item.origin != fetched_bytes_)) return;
  if (!next_piece) {
    begin_message(Owner::kServer, facts);
    fetched_bytes_ = 0;
    piece_bytes_ = bytes;
  }
  fetched_bytes_ += bytes;
  server_literal_.use = Use::kMessage;
  server_literal_.goes_on = item.partial && bytes >= piece_bytes_;
}

Outcome ImapSession::literal_bytes(Literal& literal, Owner owner, Bytes bytes, ParseStep& step,
                                   FlowFacts& facts) {
  const std::size_t available = bytes.size() - step.consumed;
  literal.untouched = false;
  const bool message = literal.use == Use::kMessage && owner_ == owner && mime_ && !mime_->done();
  if (!message && literal.use != Use::kUser) {
    const ParseStep part = take_body(literal.left, available);
    step.consumed += part.consumed;
    step.skip = part.skip;
    if (literal.use == Use::kMessage && owner_ == owner && mime_)
      facts.mail.message.front().bytes += part.consumed + part.skip;
  } else {
    const std::size_t count = std::min<std::uint64_t>(literal.left, available);
    const std::string_view text = as_text(bytes.subspan(step.consumed, count));
    step.consumed += count;
    literal.left -= count;
    if (message) {
      step.changed |= mime_->read(text, facts.mail.message.front());
      if (owner == Owner::kClient) facts.mail.mailer = facts.mail.message.front().mailer;
    } else {
      user_ += text.substr(0, kMailUserBytesMax - std::min(kMailUserBytesMax, user_.size()));
      if (literal.left == 0) facts.mail.user = printable(user_, kMailUserBytesMax);
    }
  }
  if (literal.left > 0 || literal.use != Use::kMessage || literal.goes_on || owner_ != owner)
    return Outcome::kMore;
  return end_message(facts);
}

void ImapSession::begin_message(Owner owner, FlowFacts& facts) {
  owner_ = owner;
  mime_ = std::make_unique<MimeReader>();
  facts.mail.begin_message(owner == Owner::kClient ? MailWay::kStored : MailWay::kFetched);
}

/// It is judged before anything behind it is read.
Outcome ImapSession::end_message(FlowFacts& facts) {
  if (!mime_) return Outcome::kMore;
  MailMessage& message = facts.mail.message.front();
  static_cast<void>(mime_->finish(message));
  if (owner_ == Owner::kClient) facts.mail.mailer = message.mailer;
  owner_ = Owner::kNobody;
  mime_.reset();
  ++facts.mail.messages;
  return Outcome::kName;
}

std::size_t ImapSession::bytes_held() const {
  return client_.bytes_held() + server_.bytes_held() + (mime_ ? mime_->bytes_held() : 0);
}

}  // namespace weir::classifier
