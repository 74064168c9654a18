// SPDX-License-Identifier: Apache-2.0
// Addresses, subnets and the 5-tuple. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2),
// so that one code path serves both.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

class IpAddress {
 public:
  constexpr IpAddress() = default;
  [[nodiscard]] static IpAddress v4(std::span<const std::uint8_t, 4> bytes);
  [[nodiscard]] static IpAddress v6(std::span<const std::uint8_t, 16> bytes);
  /// "10.0.0.1" or "fd00::1"; nothing else (no zone, no prefix length).
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  /// 16 bytes, network order; IPv4 as ::ffff:a.b.c.d.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

struct Subnet {
  IpAddress base;
  std::uint8_t prefix_bits = 128;  // 0..128 over the mapped form; an IPv4 /24 is stored as 120

  /// "10.0.0.0/8", "fd00::/48", or a single address. Host bits that are set are an error (nullopt).
  [[nodiscard]] static std::optional<Subnet> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const Subnet&) const = default;
};

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};
  [[nodiscard]] static std::optional<MacAddress> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const MacAddress&) const = default;
};

/// IP protocol numbers that Weir names (IANA "Assigned Internet Protocol Numbers").
inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmpV6 = 58;

/// Whoever sent the first packet Weir saw is the initiator (a SYN-ACK as the first packet swaps the roles).
struct FiveTuple {
  IpAddress initiator;
  IpAddress responder;
  std::uint16_t initiator_port = 0;  // host order; 0 where the protocol has no ports
  std::uint16_t responder_port = 0;
  std::uint8_t protocol = 0;
  auto operator<=>(const FiveTuple&) const = default;
};

}  // namespace weir
