// SPDX-License-Identifier: Apache-2.0
#include "policy/categories/canonical_name.h"

#include <idn2.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "policy/model/ip_address.h"

namespace weir::policy {
namespace {

constexpr std::size_t kRawBytesMax = 1'024;  // bounds the work that libidn2 does for hostile bytes

/// WHATWG URL's forbidden domain code points: no browser and no resolver takes them for part of a host name.
/// Others, such as '!' or '*', are kept: a wildcard in DNS answers them, and a name that is not kept cannot
/// be matched.
constexpr bool forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f || std::string_view("#/:<>?@[\\]^|%").find(c) != std::string_view::npos;
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> canonical_ascii(std::string_view raw, std::size_t label_bytes_max) {
  if (raw.ends_with('.')) raw.remove_suffix(1);
  if (raw.empty() || raw.size() > kDomainBytesMax) return std::nullopt;
  std::string name;
  name.reserve(raw.size());
  std::size_t label_bytes = 0;
  for (const char c : raw) {
    if (c == '.') {
      if (label_bytes == 0) return std::nullopt;
      label_bytes = 0;
    } else if (forbidden(c) || ++label_bytes > label_bytes_max) {
      return std::nullopt;
    }
    name.push_back(lower(c));
  }
  if (label_bytes == 0) return std::nullopt;
  return name;
}

/// UTS #46 non-transitional processing to A-labels (RFC 5891), as browsers do it.
std::optional<std::string> to_a_labels(std::string_view raw) {
  // These stay what they are: libidn2 need not do its work before they are refused.
  if (std::any_of(raw.begin(), raw.end(), [](char c) { return c >= 0 && forbidden(c); })) return std::nullopt;
  const std::string terminated{raw};
  char* output = nullptr;
  const int status = idn2_to_ascii_8z(terminated.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, decltype(&idn2_free)> owner{output, &idn2_free};
  if (status != IDN2_OK || output == nullptr) return std::nullopt;
  return canonical_ascii(output, kDomainLabelBytesMax);
}

/// "[v6]" with or without a port becomes the address as Weir writes it.
std::optional<std::string> canonical_bracketed(std::string_view raw) {
  const std::size_t close = raw.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view port = raw.substr(close + 1);
  if (!port.empty() && (port.front() != ':' || !all_digits(port.substr(1)))) return std::nullopt;
  const std::string_view inside = raw.substr(1, close - 1);
  if (inside.find(':') == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(inside);
  if (!address) return std::nullopt;
  return address->to_string();
}

}  // namespace

std::optional<std::string> canonical_name(std::string_view raw, std::size_t label_bytes_max) {
  if (raw.empty() || raw.size() > kRawBytesMax) return std::nullopt;
  if (raw.front() == '[') return canonical_bracketed(raw);
  const std::size_t colon = raw.rfind(':');
  if (raw.find(':') != colon) {
    const auto address = IpAddress::parse(raw);
    return address ? std::optional{address->to_string()} : std::nullopt;
  }
  if (colon != std::string_view::npos && all_digits(raw.substr(colon + 1))) raw = raw.substr(0, colon);
  const bool ascii =
      std::all_of(raw.begin(), raw.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? canonical_ascii(raw, label_bytes_max) : to_a_labels(raw);
}

}  // namespace weir::policy
