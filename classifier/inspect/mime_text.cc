// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "classifier/inspect/mime_decoder.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

/// windows-1252 from 0x80 to 0x9f (WHATWG encoding standard); 0: not assigned.
constexpr std::array<std::uint16_t, 32> kWindows1252{
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

void append_code_point(unsigned code, std::string& out) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0U | code >> 6U);
    out += static_cast<char>(0x80U | (code & 0x3fU));
  } else {
    out += static_cast<char>(0xe0U | code >> 12U);
    out += static_cast<char>(0x80U | (code >> 6U & 0x3fU));
    out += static_cast<char>(0x80U | (code & 0x3fU));
  }
}

std::string from_latin(std::string_view raw, bool fifteen) {
  std::string out;
  for (const char c : raw) {
    const unsigned code = static_cast<unsigned char>(c);
    if (code >= 0x80 && code < 0xa0) {
      const unsigned mapped = kWindows1252[code - 0x80];
      mapped == 0 ? out += '?' : (append_code_point(mapped, out), out);
    } else {
      append_code_point(fifteen && code == 0xa4 ? 0x20acU : code, out);
    }
  }
  return out;
}

/// An encoded word at the start of `text`: its charset, its raw bytes, its length.
struct Word {
  std::string_view charset;
  std::string bytes;
  std::size_t length = 0;
};

std::optional<Word> encoded_word(std::string_view text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() || text[charset_end + 2] != '?')
    return std::nullopt;
  const std::size_t begin = charset_end + 3;
  const std::size_t end = text.find("?=", begin);
  if (end == std::string_view::npos) return std::nullopt;
  Word word;
  word.charset = text.substr(2, charset_end - 2);
  word.charset = word.charset.substr(0, word.charset.find('*'));  // RFC 2231 section 5: a language
  word.length = end + 2;
  std::string body(text.substr(begin, end - begin));
  const char encoding = lower(text[charset_end + 1]);
  if (encoding == 'b') {
    word.bytes = decode_base64(body);
  } else if (encoding == 'q') {
    std::replace(body.begin(), body.end(), '_', ' ');
    MimeDecoder decoder(TransferEncoding::kQuotedPrintable);
    // A letter keeps blanks at the end from being taken off.
    decoder.decode(body + "x", word.bytes);
    decoder.finish(word.bytes);
    if (!word.bytes.empty()) word.bytes.pop_back();
  } else {
    return std::nullopt;
  }
  return word;
}

}  // namespace

std::string to_utf8(std::string_view raw, std::string_view charset) {
  const auto is = [&](std::string_view name) { return equals_ignoring_case(charset, name); };
  if (is("iso-8859-1") || is("latin1") || is("windows-1252") || is("cp1252")) {
    return printable(from_latin(raw, false), kMimeValueBytesMax);
  }
  if (is("iso-8859-15")) return printable(from_latin(raw, true), kMimeValueBytesMax);
  return printable(raw, kMimeValueBytesMax);
}

std::string decode_words(std::string_view text) {
  std::string out;
  std::string run;  // bytes of adjacent words of one charset: a character may be cut between them
  std::string_view run_charset;
  std::size_t tries = 0;  // each may read the whole text: bounded
  const auto flush = [&] {
    out += to_utf8(run, run_charset);
    run.clear();
  };
  std::string_view blanks;  // behind an encoded word: dropped before the next one
  while (!text.empty() && out.size() < kMimeValueBytesMax) {
    if (tries < kMimePiecesMax && text.starts_with("=?")) {
      ++tries;
      if (auto word = encoded_word(text)) {
        if (!run.empty() && !equals_ignoring_case(run_charset, word->charset)) flush();
        run_charset = word->charset;
        run += word->bytes;
        text.remove_prefix(word->length);
        const std::size_t next = std::min(text.find_first_not_of(" \t"), text.size());
        blanks = text.substr(0, next);
        text.remove_prefix(next);
        continue;
      }
    }
    flush();
    out += blanks;
    blanks = {};
    const std::size_t next = std::min(text.find("=?", 1), text.size());
    out += text.substr(0, next);
    text.remove_prefix(next);
  }
  flush();
  return printable(out, kMimeValueBytesMax);
}

}  // namespace weir::classifier
