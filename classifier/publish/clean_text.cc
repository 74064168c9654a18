// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/clean_text.h"

#include <algorithm>

namespace weir::classifier {
namespace {

/// Bytes of the well-formed UTF-8 sequence at the start of `text` (Unicode table 3-7); 0: none.
std::size_t utf8_sequence(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first >= 0x20 && first < 0x7f) return 1;
  if (first >= 0xc2 && first <= 0xdf && follows(1, first == 0xc2 ? 0xa0 : 0x80, 0xbf))
    return 2;  // no C1 controls
  if (first >= 0xe0 && first <= 0xef) {
    const bool second = follows(1, first == 0xe0 ? 0xa0 : 0x80, first == 0xed ? 0x9f : 0xbf);
    return second && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool second = follows(1, first == 0xf0 ? 0x90 : 0x80, first == 0xf4 ? 0x8f : 0xbf);
    return second && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean_text(std::string_view raw) {
  // Nearly always all of it is printable ASCII, which is itself.
  const std::string_view fitting = raw.substr(0, kEventTextBytesMax);
  if (std::all_of(fitting.begin(), fitting.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return std::string{fitting};
  }
  std::string out;
  out.reserve(std::min(raw.size(), kEventTextBytesMax));
  while (!raw.empty()) {
    const std::size_t bytes = utf8_sequence(raw);
    if (out.size() + std::max<std::size_t>(bytes, 1) > kEventTextBytesMax) break;
    if (bytes == 0) {
      out.push_back('?');
    } else {
      out.append(raw.substr(0, bytes));
    }
    raw.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out;
}

}  // namespace weir::classifier
