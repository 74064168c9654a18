// SPDX-License-Identifier: Apache-2.0
// The content of one part of a message: decoded, counted, hashed and named by its bytes as it streams by;
// nothing of it is kept but its beginning until it has a type.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "classifier/inspect/file_type.h"
#include "classifier/inspect/mime_decoder.h"
#include "classifier/inspect/mime_text.h"
#include "policy/model/mail_facts.h"

struct evp_md_ctx_st;

namespace weir::classifier {

/// Decoded bytes that wait to be hashed.
inline constexpr std::size_t kMimeDecodedBytes = 4'096;
inline constexpr std::size_t kMailNameBytesMax = 512;

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  /// 64 hex digits; "" when OpenSSL failed. Once.
  [[nodiscard]] std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// What the header fields of a part say; duplicates are read in the way that shows more.
struct PartHeader {
  std::optional<MimeValue> content_type;
  std::optional<MimeValue> disposition;
  TransferEncoding encoding = TransferEncoding::kIdentity;

  void take(std::string_view field, std::string_view value);
  /// Lower case; text/plain without Content-Type.
  [[nodiscard]] std::string type() const;
  /// The names in both fields; the first one that readers would take, and another that differs.
  void names(Attachment& out) const;
};

class PartContent {
 public:
  /// `listed`: it is an attachment whatever it turns out to be, and is the last one of `message` already.
  PartContent(TransferEncoding encoding, bool listed, Attachment about, MailMessage& message);
  /// Further bytes as in the message; true when the facts changed.
  bool read(std::string_view piece, MailMessage& message);
  /// `whole`: the part was seen to its end.
  bool finish(bool whole, MailMessage& message);
  [[nodiscard]] bool ended() const { return decoder_.ended(); }
  [[nodiscard]] std::size_t bytes_held() const { return decoded_.size() + kFileHeadBytesMax; }

 private:
  bool flush(MailMessage& message);
  bool list(MailMessage& message);
  bool note(MailMessage& message);

  MimeDecoder decoder_;
  FileType type_;
  Sha256 hash_;
  std::string decoded_;
  std::uint64_t bytes_ = 0;
  Attachment about_;                  // until it is listed
  std::optional<std::size_t> index_;  // in the message's list
  bool left_out_ = false;             // the list was full
};

}  // namespace weir::classifier
