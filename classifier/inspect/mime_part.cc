// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_part.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

/// A body in words is no attachment unless it was sent as one.
bool is_text(std::string_view type) {
  constexpr std::array<std::string_view, 14> kText{"",    "text",  "html", "xml", "svg", "js",    "script",
                                                   "ics", "vcard", "mbox", "url", "wsf", "empty", "pgp"};
  return std::find(kText.begin(), kText.end(), type) != kText.end();
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) context_.reset();
}

void Sha256::add(std::string_view bytes) {
  if (context_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) context_.reset();
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned bytes = 0;
  if (!context_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &bytes) != 1) return {};
  context_.reset();
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) {
    out += kHex[digest[i] >> 4U];
    out += kHex[digest[i] & 0xfU];
  }
  return out;
}

void PartHeader::take(std::string_view field, std::string_view value) {
  if (equals_ignoring_case(field, "Content-Type")) {
    const bool multipart = content_type && content_type->value.starts_with("multipart/");
    MimeValue next = parse_mime_value(value);
    if (!content_type || (!multipart && next.value.starts_with("multipart/"))) content_type = std::move(next);
  } else if (equals_ignoring_case(field, "Content-Disposition")) {
    if (!disposition) disposition = parse_mime_value(value);
  } else if (equals_ignoring_case(field, "Content-Transfer-Encoding")) {
    if (encoding == TransferEncoding::kIdentity) encoding = transfer_encoding(value);
  }
}

std::string PartHeader::type() const {
  return content_type && !content_type->value.empty() ? content_type->value : "text/plain";
}

void PartHeader::names(Attachment& out) const {
  const auto cut = [](std::string text) { return printable(trim(text), kMailNameBytesMax); };
  if (disposition) out.name = cut(disposition->text_of("filename"));
  const std::string other = content_type ? cut(content_type->text_of("name")) : std::string{};
  if (out.name.empty()) out.name = other;
  if (other != out.name) out.other_name = other;
  // A name given twice in one field: some readers take the last.
  for (const auto& [field, wanted] :
       {std::pair{&disposition, "filename"}, std::pair{&content_type, "name"}}) {
    if (!*field || !out.other_name.empty()) continue;
    for (const MimeValue::Parameter& each : (*field)->parameters) {
      if (each.name == wanted && out.other_name.empty() && cut(each.text) != out.name)
        out.other_name = cut(each.text);
    }
  }
}

PartContent::PartContent(TransferEncoding encoding, bool listed, Attachment about, MailMessage& message)
    : decoder_(encoding), about_(std::move(about)) {
  if (listed) static_cast<void>(list(message));
}

bool PartContent::list(MailMessage& message) {
  if (index_ || left_out_) return false;
  if (message.attachments.size() >= kMailAttachmentsMax) {
    left_out_ = true;
    ++message.attachments_left_out;
    return true;
  }
  index_ = message.attachments.size();
  message.attachments.push_back(std::move(about_));
  return true;
}

bool PartContent::read(std::string_view piece, MailMessage& message) {
  bool changed = false;
  while (!piece.empty()) {
    const std::size_t count = std::min(kMimeDecodedBytes, piece.size());
    decoder_.decode(piece.substr(0, count), decoded_);
    piece.remove_prefix(count);
    if (decoded_.size() >= kMimeDecodedBytes) changed |= flush(message);
  }
  return changed;
}

bool PartContent::flush(MailMessage& message) {
  bytes_ += decoded_.size();
  hash_.add(decoded_);
  const bool named = type_.read(decoded_);
  decoded_.clear();
  return note(message) || named;
}

/// What is known now; true when that is news beyond the size.
bool PartContent::note(MailMessage& message) {
  bool changed = !is_text(type_.type()) && list(message);
  if (type_.type() == "pgp" && !message.encrypted) changed = message.encrypted = true;
  if (!index_) return changed;
  Attachment& attachment = message.attachments[*index_];
  changed |= attachment.type != type_.type() || attachment.encrypted != type_.encrypted();
  attachment.type = type_.type();
  attachment.encrypted = type_.encrypted();
  attachment.bytes = bytes_;
  return changed;
}

bool PartContent::finish(bool whole, MailMessage& message) {
  if (whole) decoder_.finish(decoded_);
  bool changed = flush(message);
  if (!whole) return changed;
  changed |= type_.finish();
  changed |= note(message);
  if (!index_) return changed;
  message.attachments[*index_].sha256 = hash_.finish();
  return true;
}

}  // namespace weir::classifier
