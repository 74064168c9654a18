// SPDX-License-Identifier: Apache-2.0
#include "policy/model/ip_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace weir {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <typename T>
std::optional<T> number(std::string_view text, int base) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The lowest `bits` high-order bits of byte `index` that belong to a prefix of `prefix_bits`.
std::uint8_t mask_byte(std::size_t index, std::uint8_t prefix_bits) {
  const int bits = std::clamp(static_cast<int>(prefix_bits) - static_cast<int>(index) * 8, 0, 8);
  return static_cast<std::uint8_t>(0xff00U >> static_cast<unsigned>(bits));
}

}  // namespace

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + 12);
  return address;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated{text};
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) {
    return v4(std::span<const std::uint8_t, 4>(bytes.data(), 4));
  }
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin());
}

std::string IpAddress::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (!is_v4()) {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
  }
  std::size_t at = 0;  // inet_ntop prints through snprintf, which costs ten times as much
  for (std::size_t i = 12; i < bytes_.size(); ++i) {
    const unsigned byte = bytes_[i];
    if (i > 12) text[at++] = '.';
    if (byte >= 100) text[at++] = static_cast<char>('0' + byte / 100);
    if (byte >= 10) text[at++] = static_cast<char>('0' + byte / 10 % 10);
    text[at++] = static_cast<char>('0' + byte % 10);
  }
  return {text.data(), at};
}

std::optional<Subnet> Subnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  Subnet subnet{*base, 128};
  if (slash != std::string_view::npos) {
    const auto bits = number<unsigned>(text.substr(slash + 1), 10);
    const unsigned offset = base->is_v4() ? 96 : 0;
    if (!bits || *bits + offset > 128) return std::nullopt;
    subnet.prefix_bits = static_cast<std::uint8_t>(*bits + offset);
  }
  const auto& bytes = subnet.base.bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if ((bytes[i] & static_cast<std::uint8_t>(~mask_byte(i, subnet.prefix_bits))) != 0) return std::nullopt;
  }
  return subnet;
}

bool Subnet::contains(const IpAddress& address) const {
  for (std::size_t i = 0; i < address.bytes().size(); ++i) {
    if (((address.bytes()[i] ^ base.bytes()[i]) & mask_byte(i, prefix_bits)) != 0) return false;
  }
  return true;
}

std::string Subnet::to_string() const {
  const unsigned bits = base.is_v4() ? prefix_bits - 96U : prefix_bits;
  return fmt::format("{}/{}", base.to_string(), bits);
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress mac;
  for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
    const auto byte = number<std::uint8_t>(text.substr(i * 3, 2), 16);
    if (!byte || (i + 1 < mac.bytes.size() && text[i * 3 + 2] != ':')) return std::nullopt;
    mac.bytes[i] = *byte;
  }
  return mac;
}

std::string MacAddress::to_string() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(3 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ':';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 0xfU];
  }
  return text;
}

}  // namespace weir
