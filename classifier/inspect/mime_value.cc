// SPDX-License-Identifier: Apache-2.0
// Values with parameters and lists of addresses.
#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

#include "classifier/inspect/mime_text.h"
#include "classifier/inspect/text.h"
#include "policy/categories/canonical_name.h"

namespace weir::classifier {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

void skip_blanks_and_comments(std::string_view& text) {
  unsigned depth = 0;
  while (!text.empty()) {
    const char c = text[0];
    if (depth > 0 && c == '\\' && text.size() > 1) {
      text.remove_prefix(2);
      continue;
    }
    if (c == '(') {
      ++depth;
    } else if (depth > 0) {
      if (c == ')') --depth;
    } else if (kBlanks.find(c) == std::string_view::npos) {
      return;
    }
    text.remove_prefix(1);
  }
}

/// A quoted string, or what stands up to one of `ends`.
std::string take_text(std::string_view& text, std::string_view ends) {
  std::string out;
  if (!text.empty() && text[0] == '"') {
    text.remove_prefix(1);
    while (!text.empty() && text[0] != '"') {
      // Outside names a backslash quotes; in file names of old writers it is a path: it stays with a letter.
      if (text[0] == '\\' && text.size() > 1 && (text[1] == '"' || text[1] == '\\')) text.remove_prefix(1);
      out += text[0];
      text.remove_prefix(1);
    }
    if (!text.empty()) text.remove_prefix(1);
    return out;
  }
  const std::size_t end = std::min(text.find_first_of(ends), text.size());
  out = trim(text.substr(0, end));
  text.remove_prefix(end);
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// One piece as written: name*section*=value.
struct Piece {
  std::string name;
  std::uint64_t section = 0;
  bool sectioned = false;
  bool encoded = false;
  std::string value;
};

Piece piece_of(std::string_view name, std::string value) {
  Piece piece;
  piece.value = std::move(value);
  if (name.ends_with('*')) {
    piece.encoded = true;
    name.remove_suffix(1);
  }
  const std::size_t star = name.find('*');
  if (star != std::string_view::npos) {
    if (const auto section = decimal(name.substr(star + 1))) {
      piece.section = *section;
      piece.sectioned = true;
      name = name.substr(0, star);
    }
  }
  piece.name = lower_case(name);
  return piece;
}

/// RFC 2231 section 4: charset'language'text, in the first section.
MimeValue::Parameter joined(std::span<const Piece> pieces) {
  MimeValue::Parameter out;
  out.name = pieces.front().name;
  out.extended = pieces.front().encoded || pieces.front().sectioned;
  std::string charset = "utf-8";
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::string_view value = pieces[i].value;
    if (i == 0 && pieces[i].encoded) {
      const std::size_t first = value.find('\'');
      const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
      if (second != std::string_view::npos) {
        charset = value.substr(0, first);
        value = value.substr(second + 1);
      }
    }
    out.raw += pieces[i].encoded ? percent_decoded(value) : std::string(value);
  }
  // Encoded words do not belong into parameters (RFC 2047 section 5), yet many writers put them there.
  out.text = out.extended ? to_utf8(out.raw, charset) : decode_words(out.raw);
  return out;
}

}  // namespace

const MimeValue::Parameter* MimeValue::find(std::string_view name) const {
  const Parameter* found = nullptr;
  for (const Parameter& each : parameters) {
    if (each.name == name && (found == nullptr || (each.extended && !found->extended))) found = &each;
  }
  return found;
}

std::string MimeValue::text_of(std::string_view name) const {
  const Parameter* parameter = find(name);
  return parameter == nullptr ? std::string{} : parameter->text;
}

MimeValue parse_mime_value(std::string_view text) {
  MimeValue out;
  skip_blanks_and_comments(text);
  const std::size_t value_end = std::min(text.find_first_of(";("), text.size());
  out.value = printable(lower_case(trim(text.substr(0, value_end))), 127);
  text.remove_prefix(value_end);
  std::vector<Piece> pieces;
  while (!text.empty() && pieces.size() < kMimePiecesMax) {
    skip_blanks_and_comments(text);
    if (!text.empty() && text[0] == ';') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t name_end = std::min(text.find_first_of("=;"), text.size());
    const std::string_view name = trim(text.substr(0, name_end));
    text.remove_prefix(name_end);
    if (text.empty() || text[0] == ';') continue;
    text.remove_prefix(1);
    skip_blanks_and_comments(text);
    Piece piece = piece_of(name, take_text(text, ";"));
    // What is left behind a quoted value up to the next ';' is no one's.
    text.remove_prefix(std::min(text.find(';'), text.size()));
    pieces.push_back(std::move(piece));
  }
  // Sections may stand in any order; a parameter without sections is one of its own.
  const auto sections = std::stable_partition(pieces.begin(), pieces.end(),
                                              [](const Piece& piece) { return !piece.sectioned; });
  std::stable_sort(sections, pieces.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.name, a.section) < std::tie(b.name, b.section);
  });
  for (auto first = pieces.begin(); first != pieces.end();) {
    auto last = std::next(first);
    while (first->sectioned && last != pieces.end() && last->name == first->name) ++last;
    if (!first->name.empty())
      out.parameters.push_back(joined({&*first, static_cast<std::size_t>(last - first)}));
    first = last;
  }
  return out;
}

std::vector<std::string> parse_addresses(std::string_view text, std::size_t count_max) {
  std::vector<std::string> out;
  std::string word;     // outside angle brackets
  std::string bracket;  // within
  bool in_bracket = false;
  bool had_bracket = false;
  const auto end_of_one = [&] {
    std::string_view found = trim(had_bracket ? std::string_view{bracket} : std::string_view{word});
    if (const std::size_t route = found.find(':');
        found.starts_with('@') && route != std::string_view::npos) {
      found.remove_prefix(route + 1);
    }
    const std::size_t at = found.rfind('@');
    if (!found.empty() && (had_bracket || at != std::string_view::npos) && out.size() < count_max) {
      const std::string_view domain =
          at == std::string_view::npos ? std::string_view{} : found.substr(at + 1);
      const auto canonical = policy::canonical_name(domain);
      std::string address = printable(found.substr(0, std::min(at, found.size())), 256);
      if (at != std::string_view::npos)
        address += '@' + (canonical ? *canonical : lower_case(printable(domain, 255)));
      out.push_back(std::move(address));
    }
    word.clear();
    bracket.clear();
    had_bracket = in_bracket = false;
  };
  while (!text.empty() && out.size() < count_max) {
    skip_blanks_and_comments(text);
    if (text.empty()) break;
    const char c = text[0];
    if (c == '"') {
      const std::string quoted = take_text(text, "");
      // A quoted local part; a quoted display name is followed by something else.
      const bool local = in_bracket || text.starts_with('@');
      if (local) (in_bracket ? bracket : word) += '"' + quoted + '"';
      continue;
    }
    text.remove_prefix(1);
    if (c == '<') {
      in_bracket = had_bracket = true;
      bracket.clear();
    } else if (c == '>') {
      in_bracket = false;
    } else if (!in_bracket && (c == ',' || c == ';')) {
      end_of_one();
    } else if (!in_bracket && c == ':') {
      word.clear();  // the name of a group
    } else {
      (in_bracket ? bracket : word) += c;
    }
  }
  end_of_one();
  return out;
}

}  // namespace weir::classifier
