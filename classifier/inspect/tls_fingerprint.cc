// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/tls_fingerprint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>

#include "classifier/inspect/digest.h"
#include "classifier/inspect/text.h"

namespace weir::classifier {

namespace {

constexpr std::uint16_t kServerName = 0;
constexpr std::uint16_t kGroups = 10;
constexpr std::uint16_t kPointFormats = 11;
constexpr std::uint16_t kSignatureAlgorithms = 13;
constexpr std::uint16_t kAlpn = 16;
constexpr std::uint16_t kSupportedVersions = 43;
constexpr std::size_t kHashDigits = 12;
constexpr std::string_view kDigits = "0123456789abcdef";

/// 16-bit numbers of a list of `bytes` bytes.
std::vector<std::uint16_t> numbers16(ByteReader& reader, std::size_t bytes) {
  std::vector<std::uint16_t> out;
  bytes = std::min(bytes, reader.left());
  out.reserve(bytes / 2);
  for (; bytes >= 2; bytes -= 2) {
    const std::uint16_t value = reader.u16();
    if (!is_grease(value)) out.push_back(value);
  }
  return out;
}

void extension(std::uint16_t type, Bytes body, HelloNumbers& out) {
  ByteReader reader{body};
  switch (type) {
    case kGroups:
      out.groups = numbers16(reader, reader.u16());
      break;
    case kPointFormats: {
      const std::size_t count = reader.u8();
      const Bytes formats = reader.take(std::min(count, reader.left()));
      out.point_formats.assign(formats.begin(), formats.end());
      break;
    }
    case kSignatureAlgorithms:
      out.signature_algorithms = numbers16(reader, reader.u16());
      break;
    case kSupportedVersions:
      out.versions = numbers16(reader, reader.u8());
      break;
    case kAlpn:
      reader.skip(2);
      out.alpn = as_text(reader.take(reader.u8()));
      break;
    default:
      break;
  }
}

void append_decimal(std::string& out, unsigned value) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

template <typename Number>
void append_list(std::string& out, const std::vector<Number>& numbers) {
  out += ',';
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += '-';
    append_decimal(out, numbers[i]);
  }
}

void append_hex(std::string& out, std::span<const std::uint16_t> numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += ',';
    for (unsigned shift = 16; shift > 0; shift -= 4) out += kDigits[(numbers[i] >> (shift - 4U)) & 0xfU];
  }
}

const char* version_code(const HelloNumbers& numbers) {
  // The newest offered. DTLS counts downwards from 0xfeff.
  std::uint16_t version = numbers.version;
  if (!numbers.versions.empty()) {
    const auto [least, most] = std::minmax_element(numbers.versions.begin(), numbers.versions.end());
    version = *most >= 0xfe00 ? *least : *most;
  }
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    case 0x0300:
      return "s3";
    case 0x0002:
      return "s2";
    case 0xfeff:
      return "d1";
    case 0xfefd:
      return "d2";
    case 0xfefc:
      return "d3";
    default:
      return "00";
  }
}

void append_count(std::string& out, std::size_t count) {
  count = std::min<std::size_t>(count, 99);
  out += static_cast<char>('0' + count / 10);
  out += static_cast<char>('0' + count % 10);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// First and last character; where one of them is neither letter nor digit, first and last of the hex digits.
void append_alpn(std::string& out, std::string_view alpn) {
  if (alpn.empty()) {
    out += "00";
  } else if (is_alphanumeric(alpn.front()) && is_alphanumeric(alpn.back())) {
    out += alpn.front();
    out += alpn.back();
  } else {
    out += kDigits[(static_cast<unsigned char>(alpn.front()) >> 4U) & 0xfU];
    out += kDigits[static_cast<unsigned char>(alpn.back()) & 0xfU];
  }
}

std::string hash_or_zeros(const std::string& text) {
  return text.empty() ? std::string(kHashDigits, '0') : sha256_hex(text, kHashDigits);
}

}  // namespace

HelloNumbers hello_numbers(Bytes body, TlsTransport transport) {
  HelloNumbers out;
  ByteReader reader{body};
  out.version = reader.u16();
  reader.skip(32);                                                 // random
  reader.skip(reader.u8());                                        // session id
  if (transport == TlsTransport::kDtls) reader.skip(reader.u8());  // cookie
  out.ciphers = numbers16(reader, reader.u16());
  reader.skip(reader.u8());  // compression methods
  reader.skip(2);
  while (reader.left() >= 4) {
    const std::uint16_t type = reader.u16();
    const Bytes content = reader.take(reader.u16());
    if (!reader.ok() || is_grease(type)) continue;
    out.extensions.push_back(type);
    extension(type, content, out);
  }
  return out;
}

std::string ja3_text(const HelloNumbers& numbers) {
  std::string out;
  out.reserve(512);
  append_decimal(out, numbers.version);
  append_list(out, numbers.ciphers);
  append_list(out, numbers.extensions);
  append_list(out, numbers.groups);
  append_list(out, numbers.point_formats);
  return out;
}

std::string ja3(const HelloNumbers& numbers) { return md5_hex(ja3_text(numbers)); }

std::string ja4(const HelloNumbers& numbers, TlsTransport transport) {
  const auto& extensions = numbers.extensions;
  const bool named = std::find(extensions.begin(), extensions.end(), kServerName) != extensions.end();
  std::string out;
  out.reserve(36);
  out += transport == TlsTransport::kQuic ? 'q' : transport == TlsTransport::kDtls ? 'd' : 't';
  out += version_code(numbers);
  out += named ? 'd' : 'i';
  append_count(out, numbers.ciphers.size());
  append_count(out, extensions.size());
  append_alpn(out, numbers.alpn);

  std::vector<std::uint16_t> sorted = numbers.ciphers;
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  text.reserve(512);
  append_hex(text, sorted);
  out += '_';
  out += hash_or_zeros(text);

  sorted = extensions;
  std::erase_if(sorted, [](std::uint16_t type) { return type == kServerName || type == kAlpn; });
  std::sort(sorted.begin(), sorted.end());
  text.clear();
  append_hex(text, sorted);
  if (!text.empty() && !numbers.signature_algorithms.empty()) {
    text += '_';
    append_hex(text, numbers.signature_algorithms);
  }
  out += '_';
  out += hash_or_zeros(text);
  return out;
}

}  // namespace weir::classifier
