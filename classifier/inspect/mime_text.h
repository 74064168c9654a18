// SPDX-License-Identifier: Apache-2.0
// Text of message headers made readable: encoded words (RFC 2047), parameters that are split, continued or
// percent-encoded (RFC 2231), character sets. Character sets other than UTF-8, the ISO 8859 ones 1 and 15 and
// windows-1252 show as '?' where they leave ASCII: their tables would have to be read from files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::classifier {

/// Of a decoded value as it is kept.
inline constexpr std::size_t kMimeValueBytesMax = 1'024;
/// Pieces of one header value: encoded words, or parameters.
inline constexpr std::size_t kMimePiecesMax = 128;

/// `raw` in UTF-8; control bytes and what is not of the character set become '?'.
[[nodiscard]] std::string to_utf8(std::string_view raw, std::string_view charset);

/// A header's value with its encoded words decoded, also within quotes as many writers do; printable, at most
/// kMimeValueBytesMax bytes.
[[nodiscard]] std::string decode_words(std::string_view text);

/// A value with parameters, such as that of Content-Type.
struct MimeValue {
  std::string value;  // lower case
  struct Parameter {
    std::string name;       // lower case
    std::string text;       // decoded
    std::string raw;        // as written, without quotes: what a boundary is compared by
    bool extended = false;  // RFC 2231: it wins over the plain parameter of the same name
  };
  std::vector<Parameter> parameters;  // joined; the first of a name is the first written

  /// The parameter's text: the extended form if there is one, else the first; "" when there is none.
  [[nodiscard]] const Parameter* find(std::string_view name) const;
  [[nodiscard]] std::string text_of(std::string_view name) const;
};
[[nodiscard]] MimeValue parse_mime_value(std::string_view text);

/// Addresses of From, To or Cc (RFC 5322 section 3.4, leniently): no display names, no comments, groups
/// opened; at most `count_max`.
[[nodiscard]] std::vector<std::string> parse_addresses(std::string_view text, std::size_t count_max);

}  // namespace weir::classifier
