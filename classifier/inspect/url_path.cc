// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/url_path.h"

#include <algorithm>
#include <optional>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char small = lower(c);
  if (small >= 'a' && small <= 'f') return static_cast<unsigned>(small - 'a' + 10);
  return std::nullopt;
}

/// The byte that "%XX" at `at` stands for.
std::optional<unsigned char> escape(std::string_view text, std::size_t at) {
  if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
  const auto high = hex_digit(text[at + 1]);
  const auto low = hex_digit(text[at + 2]);
  if (!high || !low) return std::nullopt;
  return static_cast<unsigned char>(*high * 16 + *low);
}

void add_decoded(std::string_view path, std::string& out) {
  for (std::size_t at = 0; at < path.size();) {
    const auto byte = escape(path, at);
    if (byte && *byte > 0x20 && *byte < 0x7f) {
      out += static_cast<char>(*byte);
    } else if (byte) {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      out += {'%', kDigits[*byte >> 4U], kDigits[*byte & 15U]};
    } else {
      out += path[at];
    }
    at += byte ? 3U : 1U;
  }
}

}  // namespace

std::string normal_path(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (target.empty() || target == "*") return std::string(target);
  std::string decoded;
  decoded.reserve(target.size());
  add_decoded(target, decoded);
  std::replace(decoded.begin(), decoded.end(), '\\', '/');

  std::string out;
  out.reserve(decoded.size() + 1);
  bool folder = true;  // what was resolved so far ends in a slash
  for (std::size_t at = 0; at < decoded.size();) {
    const std::size_t end = std::min(decoded.find('/', at), decoded.size());
    const std::string_view segment = std::string_view{decoded}.substr(at, end - at);
    const bool up = segment == "..";
    if (up) out.resize(std::min(out.rfind('/'), out.size()));
    if (!segment.empty() && segment != "." && !up) out.append("/").append(segment);
    folder = end < decoded.size() || segment == "." || up;
    at = end + 1;
  }
  if (folder || out.empty()) out += '/';
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = escape(text, at);
    out += byte ? static_cast<char>(*byte) : text[at];
    at += byte ? 3U : 1U;
  }
  return out;
}

}  // namespace weir::classifier
