// SPDX-License-Identifier: Apache-2.0
// Text of the wire: comparing, trimming, and making it fit to be shown. Nothing that leaves the parsers
// carries control bytes or broken UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::size_t kBannerBytesMax = 255;  // of what a mail server says first

[[nodiscard]] char lower(char c);
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
[[nodiscard]] bool starts_ignoring_case(std::string_view text, std::string_view prefix);
/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);
/// The text up to the first space or tab; `text` becomes the rest without leading ones.
[[nodiscard]] std::string_view take_word(std::string_view& text);
/// RFC 9110 section 5.6.2.
[[nodiscard]] bool is_token_char(char c);
/// At most `bytes_max` bytes; control bytes, and all bytes from 0x80 on unless they are UTF-8, become '?'.
[[nodiscard]] std::string printable(std::string_view text, std::size_t bytes_max);
/// Decimal digits only, at most 18 of them.
[[nodiscard]] std::optional<std::uint64_t> decimal(std::string_view text);

/// Collects one line at a time from pieces of a stream.
class LineReader {
 public:
  enum class State : std::uint8_t { kNeedMore, kLine, kTooLong };
  explicit LineReader(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Takes bytes from `bytes` on `at` (advanced) up to and including a LF. After kLine the line is in
  /// `line()`, without its LF and one CR before it, until the next call.
  [[nodiscard]] State read(Bytes bytes, std::size_t& at);
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] bool ended_with_cr() const { return ended_with_cr_; }
  /// A CR inside the line, which some receivers take for its end.
  [[nodiscard]] bool has_bare_cr() const { return line_.find('\r') != std::string::npos; }
  [[nodiscard]] bool has_nul() const { return line_.find('\0') != std::string::npos; }
  /// Forgets a line that has begun.
  void reset() { begin_with({}); }
  /// As if `text`, which has no LF, had been read as the beginning of a line.
  void begin_with(std::string_view text) {
    line_ = text.substr(0, bytes_max_);
    complete_ = false;
  }
  /// Overwrites the line: it was a secret.
  void wipe();

 private:
  std::size_t bytes_max_;
  std::string line_;
  bool complete_ = false;
  bool ended_with_cr_ = false;
};

}  // namespace weir::classifier
