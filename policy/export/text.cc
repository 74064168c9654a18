// SPDX-License-Identifier: Apache-2.0
#include "policy/export/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace weir::output {
namespace {

struct Lead {
  std::size_t more;   // continuation bytes
  char32_t bits;      // of the lead byte
  char32_t smallest;  // that is written with so many bytes
};

Lead lead_of(unsigned char byte) {
  if (byte >= 0xF0 && byte <= 0xF4) return {3, static_cast<char32_t>(byte & 0x07U), 0x10000};
  if (byte >= 0xE0 && byte <= 0xEF) return {2, static_cast<char32_t>(byte & 0x0FU), 0x800};
  if (byte >= 0xC2 && byte <= 0xDF) return {1, static_cast<char32_t>(byte & 0x1FU), 0x80};
  return {0, kReplacement, 0};
}

std::tm utc(TimeNs time) {
  // Beyond the year 9999 nothing that reads these forms follows.
  const std::time_t seconds = std::clamp<TimeNs>(time / kSecond, 0, 253'402'300'799);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string with_microseconds(TimeNs time, std::string_view zone) {
  return fmt::format("{}.{:06d}{}", whole_seconds(time), std::max<TimeNs>(time, 0) % kSecond / kMicrosecond,
                     zone);
}

}  // namespace

char32_t take_character(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (first < 0x80) return first;
  const Lead lead = lead_of(first);
  if (lead.more == 0 || text.size() < lead.more) return kReplacement;
  char32_t character = lead.bits;
  for (std::size_t i = 0; i < lead.more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80U) return kReplacement;
    character = character << 6U | (next & 0x3FU);
  }
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < lead.smallest || character > 0x10FFFF || surrogate) return kReplacement;
  text.remove_prefix(lead.more);
  return character;
}

void append_character(std::string& out, char32_t character) {
  const auto byte = [&out](char32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xC0U | character >> 6U);
    byte(0x80U | (character & 0x3FU));
  } else if (character < 0x10000) {
    byte(0xE0U | character >> 12U);
    byte(0x80U | (character >> 6U & 0x3FU));
    byte(0x80U | (character & 0x3FU));
  } else {
    byte(0xF0U | character >> 18U);
    byte(0x80U | (character >> 12U & 0x3FU));
    byte(0x80U | (character >> 6U & 0x3FU));
    byte(0x80U | (character & 0x3FU));
  }
}

bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character < 0xA0) || character == 0x2028 ||
         character == 0x2029;
}

std::string_view cut(std::string_view text) {
  if (text.size() <= kTextBytesMax) return text;
  std::size_t end = kTextBytesMax;
  for (int i = 0; i < 3 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U; ++i) --end;
  return text.substr(0, end);
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::string_view left = cut(text); !left.empty();) {
    const char32_t character = take_character(left);
    append_character(out, is_control(character) ? kReplacement : character);
  }
  return out;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string rfc3339(TimeNs time) { return with_microseconds(time, "Z"); }
std::string eve_time(TimeNs time) { return with_microseconds(time, "+0000"); }

std::string whole_seconds(TimeNs time) {
  const std::tm parts = utc(time);
  return fmt::format("{:04d}-{:02d}-{:02d}T{:02d}:{:02d}:{:02d}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace weir::output
