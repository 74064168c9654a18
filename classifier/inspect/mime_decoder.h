// SPDX-License-Identifier: Apache-2.0
// Content-Transfer-Encoding undone (RFC 2045 section 6) on pieces of a body, with a few bytes of state. As
// lenient as mail readers are: what is no base64 is skipped, a wrong escape of quoted-printable stays as it
// is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

enum class TransferEncoding : std::uint8_t { kIdentity, kBase64, kQuotedPrintable, kUuencode };

/// Of the value of the header field; unknown ones are kIdentity.
[[nodiscard]] TransferEncoding transfer_encoding(std::string_view value);

class MimeDecoder {
 public:
  explicit MimeDecoder(TransferEncoding encoding = TransferEncoding::kIdentity) : encoding_(encoding) {}

  /// Appends what `piece` decodes to, at most its own size and a little more (blanks held back).
  void decode(std::string_view piece, std::string& out);
  /// What was held back at the end of the body.
  void finish(std::string& out);
  [[nodiscard]] TransferEncoding encoding() const { return encoding_; }
  /// uuencode: the line "end" was read.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void base64(std::string_view piece, std::string& out);
  void quoted_printable(std::string_view piece, std::string& out);
  void uuencode(std::string_view piece, std::string& out);
  void uu_line(std::string& out);

  TransferEncoding encoding_;
  std::uint32_t bits_ = 0;
  unsigned bit_count_ = 0;
  std::string held_;  // quoted-printable: an escape that is not whole, or blanks; uuencode: the line
  bool ended_ = false;
};

/// Blanks at the end of a line of quoted-printable that may have to go; more are taken for content.
inline constexpr std::size_t kQuotedPrintableHeldMax = 1'024;
/// RFC 2045's lines have 76, uuencode's at most 61; the rest of a longer one is left out.
inline constexpr std::size_t kUuencodeLineBytesMax = 128;

/// The bytes that base64 text stands for; what is none of its letters is skipped.
[[nodiscard]] std::string decode_base64(std::string_view text);

}  // namespace weir::classifier
