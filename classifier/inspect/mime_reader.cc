// SPDX-License-Identifier: Apache-2.0
// Header fields and the tree of parts; the lines of a body are in mime_body.cc.
#include "classifier/inspect/mime_reader.h"

#include <algorithm>
#include <iterator>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::size_t kMessageIdBytesMax = 512;
constexpr std::size_t kDateBytesMax = 128;
constexpr std::size_t kMailerBytesMax = 512;

bool is_smime_secret(const std::string& type, const PartHeader& header) {
  if (type != "application/pkcs7-mime" && type != "application/x-pkcs7-mime") return false;
  const std::string kind = lower_case(header.content_type->text_of("smime-type"));
  return kind != "signed-data" && kind != "certs-only" && kind != "compressed-data";
}

void append_addresses(std::string_view value, std::vector<std::string>& out) {
  std::vector<std::string> more = parse_addresses(value, kMailHeaderAddressesMax - out.size());
  out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

bool MimeReader::read(std::string_view bytes, MailMessage& message) {
  const std::uint64_t room = kMailMessageBytesMax - std::min(kMailMessageBytesMax, message.bytes);
  message.bytes += bytes.size();
  const bool beyond = bytes.size() > room;
  if (beyond) bytes = bytes.substr(0, room);
  changed_ = false;
  while (!bytes.empty() && state_ != State::kDone) {
    if (state_ == State::kHeaders) {
      header_bytes(bytes, message);
    } else {
      body_bytes(bytes, message);
    }
  }
  if (beyond && state_ != State::kDone) cut(message);
  return changed_;
}

bool MimeReader::finish(MailMessage& message) {
  changed_ = !message.done;
  message.done = true;
  if (state_ == State::kHeaders) {
    if (!line_.empty()) header_line(message);
    if (state_ == State::kHeaders) {
      end_field(message);
      // A message in a message that ends here is a part without content.
      end_headers(message);
      if (state_ == State::kHeaders) state_ = State::kBody;
    }
  }
  if (state_ == State::kBody) {
    if (probing_) end_probe(false, message);
    if (state_ == State::kBody) content(held_end_, message);
    end_part(true, message);
  }
  state_ = State::kDone;
  return changed_;
}

void MimeReader::header_bytes(std::string_view& bytes, MailMessage& message) {
  const std::size_t feed = bytes.find('\n');
  const std::size_t count = std::min(feed, bytes.size());
  line_ += bytes.substr(0, std::min(count, kMimeFieldBytesMax - std::min(kMimeFieldBytesMax, line_.size())));
  header_bytes_ += count;
  bytes.remove_prefix(count);
  if (header_bytes_ > kMimeHeaderBytesMax) return cut(message);
  if (feed == std::string_view::npos) return;
  bytes.remove_prefix(1);
  ++header_bytes_;
  header_line(message);
  line_.clear();
}

void MimeReader::header_line(MailMessage& message) {
  std::string_view line = line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) {
    end_field(message);
    return end_headers(message);
  }
  if (line.starts_with("--")) {
    if (const auto match = boundary(line)) {
      end_field(message);
      end_headers(message);
      if (state_ != State::kDone) pass_boundary(*match, message);
      return;
    }
  }
  if (line[0] == ' ' || line[0] == '\t') {  // RFC 5322 section 2.2.3
    if (field_.empty()) return;
    field_ += ' ';
    const std::string_view more = trim(line);
    field_ += more.substr(0, kMimeFieldBytesMax - std::min(kMimeFieldBytesMax, field_.size()));
    return;
  }
  end_field(message);
  // What has no colon is passed over, as most readers do.
  if (line.find(':') != std::string_view::npos) field_ = line;
}

void MimeReader::end_field(MailMessage& message) {
  if (field_.empty()) return;
  std::replace(field_.begin(), field_.end(), '\t', ' ');
  const std::string_view field = field_;
  const std::size_t colon = field.find(':');
  const std::string_view name = trim(field.substr(0, colon));
  const std::string_view value = trim(field.substr(colon + 1));
  header_.take(name, value);
  if (main_) message_field(name, value, message);
  field_.clear();
}

void MimeReader::message_field(std::string_view name, std::string_view value, MailMessage& message) {
  const auto is = [&](std::string_view known) { return equals_ignoring_case(name, known); };
  const auto first = [&](std::string& out, std::string text) {
    if (out.empty()) out = std::move(text);
  };
  if (is("From")) {
    std::vector<std::string> from = parse_addresses(value, 1);
    if (!from.empty()) first(message.from, std::move(from[0]));
  } else if (is("To")) {
    append_addresses(value, message.to);
  } else if (is("Cc")) {
    append_addresses(value, message.cc);
  } else if (is("Subject")) {
    first(message.subject, decode_words(value));
  } else if (is("Message-ID")) {
    first(message.message_id, printable(value, kMessageIdBytesMax));
  } else if (is("Date")) {
    first(message.date, printable(value, kDateBytesMax));
  } else if (is("X-Mailer") || is("User-Agent")) {
    first(message.mailer, printable(value, kMailerBytesMax));
  }
}

void MimeReader::end_headers(MailMessage& message) {
  if (main_) changed_ = message.headers_done = true;
  main_ = false;
  header_bytes_ = 0;
  const bool in_digest = part_begins_ && levels_.back().digest && !header_.content_type;
  part_begins_ = false;
  std::string type = in_digest ? "message/rfc822" : header_.type();
  message.encrypted |= type == "multipart/encrypted" || is_smime_secret(type, header_);
  begin_body();
  const bool plain_bytes = header_.encoding == TransferEncoding::kIdentity;
  if (plain_bytes && (type == "message/rfc822" || type == "message/global")) {
    header_ = {};
    if (++parts_ > kMimePartsMax) return cut(message);
    state_ = State::kHeaders;
    return;
  }
  if (!type.starts_with("multipart/") || !begin_multipart(type, message))
    begin_part(std::move(type), message);
}

void MimeReader::begin_body() {
  state_ = State::kBody;
  probing_ = true;
  probe_.clear();
  held_end_.clear();
  plain_ = false;
}

bool MimeReader::begin_multipart(const std::string& type, MailMessage& message) {
  const MimeValue::Parameter* parameter = header_.content_type->find("boundary");
  const std::string_view name = parameter == nullptr ? std::string_view{} : trim(parameter->raw);
  if (name.size() > kMimeBoundaryBytesMax || levels_.size() == kMimeDepthMax) {
    message.cut = true;
    return false;
  }
  levels_.push_back({std::string(name), type == "multipart/digest"});
  return true;
}

void MimeReader::begin_part(std::string type, MailMessage& message) {
  Attachment about;
  header_.names(about);
  const bool words =
      type.starts_with("text/") || type.starts_with("message/") || type.starts_with("multipart/");
  const bool sent_as_one = header_.disposition && header_.disposition->value == "attachment";
  const bool listed = sent_as_one || !about.name.empty() || !words;
  plain_ = type == "text/plain" && header_.encoding == TransferEncoding::kIdentity && !listed;
  about.declared = std::move(type);
  part_.emplace(header_.encoding, listed, std::move(about), message);
  changed_ |= listed;
}

/// The level whose boundary the line is. Blanks may follow it (RFC 2046 section 5.1.1).
std::optional<MimeReader::Match> MimeReader::boundary(std::string_view line) {
  if (!line.starts_with("--") || levels_.empty()) return std::nullopt;
  const std::string_view rest = trim(line.substr(2));
  if (levels_.back().boundary.empty() && !rest.empty() && rest.size() <= kMimeBoundaryBytesMax) {
    levels_.back().boundary = rest;
  }
  for (std::size_t i = levels_.size(); i-- > 0;) {
    const std::string_view name = levels_[i].boundary;
    if (name.empty() || !rest.starts_with(name)) continue;
    if (rest.size() == name.size()) return Match{i, false};
    if (rest.substr(name.size()) == "--") return Match{i, true};
  }
  return std::nullopt;
}

/// A closing boundary leaves its level open: many readers go on with a part that follows it.
void MimeReader::pass_boundary(Match match, MailMessage& message) {
  end_part(true, message);
  levels_.resize(match.level + 1);
  begin_body();
  if (match.closing) return;
  if (++parts_ > kMimePartsMax) return cut(message);
  header_ = {};
  part_begins_ = true;
  state_ = State::kHeaders;
}

void MimeReader::end_part(bool whole, MailMessage& message) {
  if (uuencoded_) changed_ |= uuencoded_->finish(whole, message);
  uuencoded_.reset();
  if (part_) changed_ |= part_->finish(whole, message);
  part_.reset();
}

void MimeReader::cut(MailMessage& message) {
  message.cut = changed_ = true;
  end_part(false, message);
  state_ = State::kDone;
}

std::size_t MimeReader::bytes_held() const {
  std::size_t total = line_.size() + field_.size() + probe_.size();
  for (const Level& level : levels_) total += sizeof(Level) + level.boundary.size();
  if (part_) total += part_->bytes_held();
  if (uuencoded_) total += uuencoded_->bytes_held();
  return total;
}

}  // namespace weir::classifier
