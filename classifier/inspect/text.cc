// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/text.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>

namespace weir::classifier {

namespace {

/// Length of the UTF-8 sequence that begins at `at`, 0 when it is not one (RFC 3629: shortest form, no
/// surrogates).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead >= 0xf0 && lead <= 0xf4  ? 4
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                                                           : 0;
  if (length == 0 || length > text.size() - at) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned char second = byte(at + 1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

}  // namespace

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_ignoring_case(a, b);
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return word;
}

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  text = text.substr(0, bytes_max);
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t length =
        byte >= 0x80 ? utf8_length(text, at) : std::size_t{byte >= 0x20 && byte != 0x7f};
    if (length == 0) {
      out += '?';
      ++at;
    } else {
      out += text.substr(at, length);
      at += length;
    }
  }
  return out;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

void LineReader::wipe() {
  line_.resize(line_.capacity());
  OPENSSL_cleanse(line_.data(), line_.size());
  line_.clear();
  complete_ = false;
}

LineReader::State LineReader::read(Bytes bytes, std::size_t& at) {
  if (complete_) {
    line_.clear();
    complete_ = false;
  }
  const std::string_view rest = as_text(bytes.subspan(at));
  const std::size_t feed = rest.find('\n');
  const std::size_t count = std::min(feed, rest.size());
  if (line_.size() + count > bytes_max_) return State::kTooLong;
  line_ += rest.substr(0, count);
  at += count;
  if (feed == std::string_view::npos) return State::kNeedMore;
  ++at;
  complete_ = true;
  ended_with_cr_ = !line_.empty() && line_.back() == '\r';
  if (ended_with_cr_) line_.pop_back();
  return State::kLine;
}

}  // namespace weir::classifier
