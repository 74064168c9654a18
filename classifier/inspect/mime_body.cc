// SPDX-License-Identifier: Apache-2.0
// The lines of a body: which end it, and what between them is content. The line end in front of a boundary
// belongs to the boundary (RFC 2046 section 5.1.1), so one is always held back.
#include <algorithm>

#include "classifier/inspect/mime_reader.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::string_view kUuencodeBegin = "begin ";
/// "--", a boundary, "--", blanks.
constexpr std::size_t kProbeBytesMax = kMimeBoundaryBytesMax + 128;

bool agree(std::string_view line, std::string_view start) {
  const std::size_t count = std::min(line.size(), start.size());
  return line.substr(0, count) == start.substr(0, count);
}

}  // namespace

bool MimeReader::may_be_marker(std::string_view line) const {
  if (line.size() > kProbeBytesMax) return false;
  return (!levels_.empty() && agree(line, "--")) || (plain_ && !uuencoded_ && agree(line, kUuencodeBegin));
}

void MimeReader::body_bytes(std::string_view& bytes, MailMessage& message) {
  if (levels_.empty() && !plain_) {  // nothing can end it
    content(bytes, message);
    bytes = {};
    return;
  }
  while (probing_ && !bytes.empty()) {
    const char c = bytes[0];
    bytes.remove_prefix(1);
    if (c == '\n') return end_probe(true, message);
    probe_ += c;
    if (may_be_marker(probe_)) continue;
    probing_ = false;
    content(held_end_, message);
    const bool cr = c == '\r';
    held_end_ = cr ? "\r" : "";
    content(std::string_view{probe_}.substr(0, probe_.size() - (cr ? 1 : 0)), message);
    probe_.clear();
  }
  if (bytes.empty()) return;
  if (held_end_ == "\r" && bytes[0] != '\n') {
    content("\r", message);
    held_end_.clear();
  }
  // Up to the end of a line behind which a marker may stand.
  std::size_t feed = bytes.find('\n');
  while (!uuencoded_ && feed != std::string_view::npos && feed + 1 < bytes.size() &&
         !may_be_marker(bytes.substr(feed + 1, 1)))
    feed = bytes.find('\n', feed + 1);
  std::string_view text = bytes.substr(0, feed);
  const bool cr = text.ends_with('\r') || (text.empty() && held_end_ == "\r");
  if (!text.empty() && cr) text.remove_suffix(1);
  if (!text.empty()) {
    content(held_end_, message);  // a CR whose LF is within the text
    held_end_.clear();
  }
  content(text, message);
  if (feed == std::string_view::npos) {
    held_end_ = cr ? "\r" : "";
    bytes = {};
    return;
  }
  bytes.remove_prefix(feed + 1);
  end_line(cr ? "\r\n" : "\n", message);
}

void MimeReader::end_line(std::string_view end, MailMessage& message) {
  probing_ = true;
  probe_.clear();
  held_end_ = end;
  if (!uuencoded_) return;
  content(held_end_, message);  // it ends the line of the encoding and is no content
  held_end_.clear();
}

/// The line that was looked at is whole.
void MimeReader::end_probe(bool line_end, MailMessage& message) {
  const std::string taken = std::move(probe_);
  probe_.clear();
  std::string_view line = taken;
  const bool cr = line.ends_with('\r');
  if (cr) line.remove_suffix(1);
  if (const auto match = boundary(line)) return pass_boundary(*match, message);
  if (plain_ && !uuencoded_ && begin_uuencoded(line, message)) {
    held_end_.clear();
    probing_ = true;
    return;
  }
  content(held_end_, message);
  held_end_.clear();
  if (!line_end) return content(taken, message);
  content(line, message);
  end_line(cr ? "\r\n" : "\n", message);
}

/// "begin 644 name" (POSIX uuencode).
bool MimeReader::begin_uuencoded(std::string_view line, MailMessage& message) {
  if (!line.starts_with(kUuencodeBegin)) return false;
  line.remove_prefix(kUuencodeBegin.size());
  const std::string_view mode = take_word(line);
  const bool octal = std::all_of(mode.begin(), mode.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (mode.size() < 3 || mode.size() > 4 || !octal || trim(line).empty()) return false;
  Attachment about;
  about.name = printable(trim(line), kMailNameBytesMax);
  uuencoded_.emplace(TransferEncoding::kUuencode, true, std::move(about), message);
  changed_ = true;
  return true;
}

void MimeReader::content(std::string_view bytes, MailMessage& message) {
  if (bytes.empty()) return;
  if (!uuencoded_) {
    if (part_) changed_ |= part_->read(bytes, message);
    return;
  }
  changed_ |= uuencoded_->read(bytes, message);
  if (!uuencoded_->ended()) return;
  changed_ |= uuencoded_->finish(true, message);
  uuencoded_.reset();
}

}  // namespace weir::classifier
