// SPDX-License-Identifier: Apache-2.0
// A message as it streams by (RFC 5322, 2045 to 2047, 2183, 2231): header fields, the tree of its parts, its
// attachments. Nothing of a body is kept. Where writers break the rules it reads what mail readers would
// show: parts behind a closing boundary, a multipart that names no boundary, uuencoded files in plain text,
// bare LF.
//
// A message/rfc822 part is read into; one that is itself encoded (which the standard forbids) is a part like
// any other, and so is what is nested deeper than kMimeDepthMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/inspect/mime_part.h"
#include "policy/model/byte_reader.h"
#include "policy/model/mail_facts.h"

namespace weir::classifier {

/// Of one message; what follows is not looked at (MailMessage::cut).
inline constexpr std::uint64_t kMailMessageBytesMax = 25 * 1'048'576;
/// One header field with its folded lines; the rest of a longer one is left out.
inline constexpr std::size_t kMimeFieldBytesMax = 16'384;
/// Header fields of one part or message together; more ends the reading.
inline constexpr std::size_t kMimeHeaderBytesMax = 262'144;
inline constexpr std::size_t kMimeDepthMax = 20;
/// Parts and messages within the message; more ends the reading.
inline constexpr std::size_t kMimePartsMax = 1'000;
/// RFC 2046 section 5.1.1 has 70.
inline constexpr std::size_t kMimeBoundaryBytesMax = 256;

class MimeReader {
 public:
  /// Further bytes of the message, without stuffed dots; true when `message` changed beyond its sizes.
  bool read(std::string_view bytes, MailMessage& message);
  /// The end of the message; true when `message` changed.
  bool finish(MailMessage& message);
  /// Nothing more is of interest.
  [[nodiscard]] bool done() const { return state_ == State::kDone; }
  [[nodiscard]] std::size_t bytes_held() const;

 private:
  enum class State : std::uint8_t { kHeaders, kBody, kDone };
  struct Level {
    std::string boundary;  // empty: the first line that could be one
    bool digest = false;   // parts without Content-Type are messages
  };

  void header_bytes(std::string_view& bytes, MailMessage& message);
  void header_line(MailMessage& message);
  void end_field(MailMessage& message);
  void message_field(std::string_view name, std::string_view value, MailMessage& message);
  void end_headers(MailMessage& message);
  void begin_part(std::string type, MailMessage& message);
  /// False: it is read as a part like any other.
  bool begin_multipart(const std::string& type, MailMessage& message);
  void begin_body();

  void body_bytes(std::string_view& bytes, MailMessage& message);
  [[nodiscard]] bool may_be_marker(std::string_view line) const;
  void end_probe(bool line_end, MailMessage& message);
  struct Match {
    std::size_t level = 0;
    bool closing = false;
  };
  [[nodiscard]] std::optional<Match> boundary(std::string_view line);
  void pass_boundary(Match match, MailMessage& message);
  bool begin_uuencoded(std::string_view line, MailMessage& message);
  void end_line(std::string_view end, MailMessage& message);
  void content(std::string_view bytes, MailMessage& message);
  void end_part(bool whole, MailMessage& message);
  void cut(MailMessage& message);

  State state_ = State::kHeaders;
  bool main_ = true;          // the header of the message itself
  bool part_begins_ = false;  // it is that of a part of the last level
  bool changed_ = false;
  std::string line_;  // of the header, without its end
  std::string field_;
  std::size_t header_bytes_ = 0;
  PartHeader header_;
  std::vector<Level> levels_;
  std::size_t parts_ = 0;
  std::optional<PartContent> part_;
  std::optional<PartContent> uuencoded_;
  bool plain_ = false;    // the part may have uuencoded files
  bool probing_ = true;   // the line may be a boundary, or begin a uuencoded file
  std::string probe_;     // that line so far
  std::string held_end_;  // a line end that belongs to the boundary if one follows
};

}  // namespace weir::classifier
