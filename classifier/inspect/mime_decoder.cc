// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/mime_decoder.h"

#include <algorithm>

#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> base64_digits() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNoDigit);
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}
constexpr std::array<std::uint8_t, 256> kBase64Digits = base64_digits();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

TransferEncoding transfer_encoding(std::string_view value) {
  value = trim(value);
  const std::string_view word = trim(value.substr(0, value.find_first_of(";( ")));
  if (equals_ignoring_case(word, "base64")) return TransferEncoding::kBase64;
  if (equals_ignoring_case(word, "quoted-printable")) return TransferEncoding::kQuotedPrintable;
  for (const std::string_view name : {"x-uuencode", "uuencode", "x-uue", "uue"}) {
    if (equals_ignoring_case(word, name)) return TransferEncoding::kUuencode;
  }
  return TransferEncoding::kIdentity;
}

void MimeDecoder::decode(std::string_view piece, std::string& out) {
  switch (encoding_) {
    case TransferEncoding::kIdentity:
      out += piece;
      break;
    case TransferEncoding::kBase64:
      base64(piece, out);
      break;
    case TransferEncoding::kQuotedPrintable:
      quoted_printable(piece, out);
      break;
    case TransferEncoding::kUuencode:
      uuencode(piece, out);
      break;
  }
}

void MimeDecoder::finish(std::string& out) {
  if (encoding_ == TransferEncoding::kUuencode) {
    uu_line(out);
  } else {
    // Blanks at the end of the body are taken off like those at the end of a line.
    out += held_.substr(0, held_.find_last_not_of(" \t\r") + 1);
    held_.clear();
  }
}

/// Bits that are left at a '=' were padding; several texts in a row are read as one (as most readers do).
void MimeDecoder::base64(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    const std::uint8_t digit = kBase64Digits[static_cast<unsigned char>(c)];
    if (digit == kNoDigit) {
      if (c == '=') bit_count_ = 0;
      continue;
    }
    bits_ = (bits_ << 6U) | digit;
    bit_count_ += 6;
    if (bit_count_ < 8) continue;
    bit_count_ -= 8;
    out += static_cast<char>((bits_ >> bit_count_) & 0xffU);
  }
}

void MimeDecoder::quoted_printable(std::string_view piece, std::string& out) {
  for (std::size_t i = 0; i < piece.size();) {
    const char c = piece[i];
    const bool blank = c == ' ' || c == '\t' || c == '\r';
    if (held_.empty()) {
      (c == '=' || c == ' ' || c == '\t' ? held_ : out) += c;
      ++i;
      continue;
    }
    if (held_[0] == '=') {
      held_ += c;
      ++i;
      const bool escape = held_.size() == 3 && hex_digit(held_[1]) >= 0 && hex_digit(c) >= 0;
      const bool half = held_.size() == 2 && hex_digit(c) >= 0;
      if (escape) out += static_cast<char>(hex_digit(held_[1]) * 16 + hex_digit(c));
      if (!escape && c != '\n' && !half && (!blank || held_.size() == kQuotedPrintableHeldMax)) out += held_;
      if (escape || c == '\n' || (!half && (!blank || held_.size() == kQuotedPrintableHeldMax)))
        held_.clear();
      continue;
    }
    // Blanks only stay when something follows them on the line.
    if (blank && held_.back() != '\r' && held_.size() < kQuotedPrintableHeldMax) {
      held_ += c;
      ++i;
      continue;
    }
    if (c != '\n') out += held_;
    if (c == '\n' && held_.back() == '\r') out += '\r';
    held_.clear();  // and `c` is looked at again
  }
}

void MimeDecoder::uuencode(std::string_view piece, std::string& out) {
  for (const char c : piece) {
    if (c == '\n') {
      uu_line(out);
    } else if (held_.size() < kUuencodeLineBytesMax) {
      held_ += c;
    }
  }
}

void MimeDecoder::uu_line(std::string& out) {
  std::string_view line = held_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line == "end") ended_ = true;
  if (!ended_ && !line.empty() && !line.starts_with("begin ")) {
    const auto value = [&](std::size_t i) -> unsigned {
      return i < line.size() ? (static_cast<unsigned char>(line[i]) - 32U) & 0x3fU : 0U;
    };
    std::size_t left = value(0);
    for (std::size_t i = 1; left > 0; i += 4) {
      const unsigned group = value(i) << 18U | value(i + 1) << 12U | value(i + 2) << 6U | value(i + 3);
      for (unsigned k = 0; k < 3 && left > 0; ++k, --left) {
        out += static_cast<char>((group >> (16 - 8 * k)) & 0xffU);
      }
    }
  }
  held_.clear();
}

std::string decode_base64(std::string_view text) {
  MimeDecoder decoder(TransferEncoding::kBase64);
  std::string out;
  decoder.decode(text, out);
  return out;
}

}  // namespace weir::classifier
