// SPDX-License-Identifier: Apache-2.0
// Frames for tests, written the way one talks about them:
//   ipv4("10.0.0.1", "1.1.1.1").tcp(40000, 443).flags("PA").sequence(7).payload("hello").vlan(30).bytes()
// Lengths and checksums are right unless the test asks for damage. Any mistake in a test's own arguments
// aborts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/ip_address.h"

namespace weir::test {

using Frame = std::vector<std::uint8_t>;

inline void put16(Frame& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put32(Frame& out, std::size_t value) {
  put16(out, value >> 16U);
  put16(out, value);
}
inline void put(Frame& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
inline void set16(Frame& out, std::size_t at, std::size_t value) {
  out.at(at) = static_cast<std::uint8_t>(value >> 8U);
  out.at(at + 1) = static_cast<std::uint8_t>(value);
}

/// RFC 1071, the plain way: 16 bits at a time.
[[nodiscard]] inline std::uint16_t plain_checksum(Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>(bytes[i]) << 8U;
    if (i + 1 < bytes.size()) sum += bytes[i + 1];
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum);
}

class PacketBuilder {
 public:
  // ---- link layer
  PacketBuilder& macs(std::string_view source, std::string_view destination) {
    source_mac_ = must(MacAddress::parse(source));
    destination_mac_ = must(MacAddress::parse(destination));
    return *this;
  }
  /// Outer tag first when called more than once.
  PacketBuilder& vlan(std::uint16_t id, std::uint16_t tag_protocol = 0x8100) {
    tags_.emplace_back(tag_protocol, id);
    return *this;
  }
  /// An MPLS stack of labels 16, 17, ... before the packet.
  PacketBuilder& mpls(std::size_t labels) { return set(mpls_, labels); }
  /// A PPPoE session header before the packet; `protocol` other than the packet's own where it is given.
  PacketBuilder& pppoe(std::optional<std::uint16_t> protocol = std::nullopt) {
    ppp_ = protocol;
    return set(pppoe_, true);
  }
  /// An 802.3 length and LLC/SNAP before the packet (RFC 1042).
  PacketBuilder& snap() { return set(snap_, true); }
  PacketBuilder& ethertype(std::uint16_t value) {
    ethertype_ = value;
    return *this;
  }
  /// Zero bytes after the packet, as Ethernet pads short frames.
  PacketBuilder& padding(std::size_t bytes) {
    padding_ = bytes;
    return *this;
  }

  // ---- IP
  PacketBuilder& addresses(std::string_view source, std::string_view destination, bool ipv6) {
    source_ = must(IpAddress::parse(source));
    destination_ = must(IpAddress::parse(destination));
    ipv6_ = ipv6;
    raw_ = false;
    return *this;
  }
  PacketBuilder& ttl(std::uint8_t value) { return set(ttl_, value); }
  PacketBuilder& identification(std::uint16_t value) { return set(identification_, value); }
  /// IPv4 options; must be a multiple of four bytes.
  PacketBuilder& ip_options(Frame bytes) { return set(ip_options_, std::move(bytes)); }
  /// `offset` in bytes. IPv6 gets a fragment header.
  PacketBuilder& fragment(std::uint16_t offset, bool more) {
    fragment_ = static_cast<std::uint16_t>((offset / 8U) | (more ? 0x8000U : 0U));
    return *this;
  }
  /// A real fragment: `count` bytes from `offset` on of what follows the IP header; the last one when it
  /// reaches the end of that.
  PacketBuilder& piece(std::size_t offset, std::size_t count) {
    piece_ = {offset, count};
    return fragment(static_cast<std::uint16_t>(offset), offset + count < segment().size());
  }
  /// What pieces are made of.
  [[nodiscard]] std::size_t segment_bytes() const { return segment().size(); }
  /// An IPv6 extension header of `type` with `bytes` bytes in all (a multiple of eight; AH of four).
  PacketBuilder& extension(std::uint8_t type, std::size_t bytes = 8) {
    extensions_.emplace_back(type, bytes);
    return *this;
  }

  // ---- L4
  PacketBuilder& tcp(std::uint16_t source_port, std::uint16_t destination_port) {
    return l4(kProtocolTcp, source_port, destination_port);
  }
  PacketBuilder& udp(std::uint16_t source_port, std::uint16_t destination_port) {
    return l4(kProtocolUdp, source_port, destination_port);
  }
  PacketBuilder& icmp(std::uint8_t type, std::uint8_t code = 0) {
    return l4(ipv6_ ? kProtocolIcmpV6 : kProtocolIcmp, type, code);
  }
  /// Any other protocol: the payload follows the IP header.
  PacketBuilder& protocol(std::uint8_t number) { return l4(number, 0, 0); }
  /// Letters of FSRPAU; "" for none.
  PacketBuilder& flags(std::string_view letters) {
    constexpr std::string_view kLetters = "FSRPAU";
    flags_ = 0;
    for (const char letter : letters) {
      const std::size_t bit = kLetters.find(letter);
      if (bit == std::string_view::npos) std::abort();
      flags_ = static_cast<std::uint8_t>(flags_ | (1U << bit));
    }
    return *this;
  }
  PacketBuilder& sequence(std::uint32_t value) { return set(sequence_, value); }
  PacketBuilder& acknowledgement(std::uint32_t value) { return set(acknowledgement_, value); }
  PacketBuilder& window(std::uint16_t value) { return set(window_, value); }
  /// TCP options; must be a multiple of four bytes.
  PacketBuilder& tcp_options(Frame bytes) { return set(tcp_options_, std::move(bytes)); }
  PacketBuilder& payload(std::string_view text) { return payload(as_bytes(text)); }
  PacketBuilder& payload(Bytes bytes) {
    payload_.assign(bytes.begin(), bytes.end());
    return *this;
  }

  // ---- damage
  PacketBuilder& bad_ip_checksum() { return set(bad_ip_checksum_, true); }
  PacketBuilder& bad_l4_checksum() { return set(bad_l4_checksum_, true); }
  PacketBuilder& no_l4_checksum() { return set(no_l4_checksum_, true); }
  PacketBuilder& ip_version(std::uint8_t value) { return set(version_, value); }
  PacketBuilder& ip_header_words(std::uint8_t value) { return set(header_words_, value); }
  /// The IPv4 total length or the IPv6 payload length.
  PacketBuilder& ip_length(std::uint16_t value) { return set(ip_length_, value); }
  PacketBuilder& tcp_header_words(std::uint8_t value) { return set(tcp_words_, value); }
  PacketBuilder& udp_length(std::uint16_t value) { return set(udp_length_, value); }
  /// Cuts the finished frame to `bytes`.
  PacketBuilder& cut(std::size_t bytes) { return set(cut_, bytes); }

  [[nodiscard]] Frame bytes() const {
    Frame frame;
    put(frame, destination_mac_.bytes);
    put(frame, source_mac_.bytes);
    for (const auto& [tag_protocol, id] : tags_) {
      put16(frame, tag_protocol);
      put16(frame, id);
    }
    const std::uint16_t own = ethertype_.value_or(ipv6_ ? 0x86dd : 0x0800);
    const Frame packet = raw_ ? payload_ : ipv6_ ? ipv6_packet() : ipv4_packet();
    if (mpls_ > 0) {
      put16(frame, 0x8847);
      for (std::size_t i = 0; i < mpls_; ++i) {
        put32(frame, (16 + i) << 12U | (i + 1 == mpls_ ? 0x100U : 0U) | 64U);
      }
    } else if (pppoe_) {
      put16(frame, 0x8864);
      put32(frame, 0x1100'0007);
      put16(frame, packet.size() + 2);
      put16(frame, ppp_.value_or(ipv6_ ? 0x0057 : 0x0021));
    } else if (snap_) {
      put16(frame, packet.size() + 8);
      put32(frame, 0xaaaa'0300U);
      put16(frame, 0);
      put16(frame, own);
    } else {
      put16(frame, own);
    }
    put(frame, packet);
    frame.insert(frame.end(), padding_, 0);
    if (cut_ && *cut_ < frame.size()) frame.resize(*cut_);
    return frame;
  }

 private:
  template <typename T>
  static T must(std::optional<T> value) {
    if (!value) std::abort();
    return *value;
  }
  template <typename T, typename V>
  PacketBuilder& set(T& field, V&& value) {
    field = std::forward<V>(value);
    return *this;
  }
  PacketBuilder& l4(std::uint8_t protocol, std::uint16_t first, std::uint16_t second) {
    protocol_ = protocol;
    source_port_ = first;
    destination_port_ = second;
    return *this;
  }
  [[nodiscard]] Bytes address(const IpAddress& value) const {
    return Bytes{value.bytes()}.subspan(ipv6_ ? 0 : 12);
  }

  [[nodiscard]] Frame segment() const {
    Frame out;
    std::size_t checksum_at = 0;
    if (protocol_ == kProtocolTcp) {
      checksum_at = 16;
      put16(out, source_port_);
      put16(out, destination_port_);
      put32(out, sequence_);
      put32(out, acknowledgement_);
      out.push_back(static_cast<std::uint8_t>(tcp_words_.value_or(5 + tcp_options_.size() / 4) << 4U));
      out.push_back(flags_);
      put16(out, window_);
      put32(out, 0);
      put(out, tcp_options_);
    } else if (protocol_ == kProtocolUdp) {
      checksum_at = 6;
      put16(out, source_port_);
      put16(out, destination_port_);
      put16(out, udp_length_.value_or(8 + payload_.size()));
      put16(out, 0);
    } else if (protocol_ == kProtocolIcmp || protocol_ == kProtocolIcmpV6) {
      checksum_at = 2;
      out.push_back(static_cast<std::uint8_t>(source_port_));
      out.push_back(static_cast<std::uint8_t>(destination_port_));
      put16(out, 0);
      put32(out, 0x0001'0001);
    }
    put(out, payload_);
    if (checksum_at != 0 && !no_l4_checksum_) set16(out, checksum_at, l4_checksum(out));
    return out;
  }
  [[nodiscard]] std::uint16_t l4_checksum(const Frame& segment) const {
    Frame covered;
    if (protocol_ != kProtocolIcmp) {
      put(covered, address(source_));
      put(covered, address(destination_));
      put32(covered, protocol_);
      put32(covered, segment.size());
    }
    put(covered, segment);
    std::uint16_t sum = plain_checksum(covered);
    if (sum == 0 && protocol_ == kProtocolUdp) sum = 0xffff;
    return bad_l4_checksum_ ? static_cast<std::uint16_t>(sum ^ 0x1111U) : sum;
  }
  [[nodiscard]] Frame piece_of_segment() const {
    const Frame whole = segment();
    if (!piece_) return whole;
    const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(std::min(piece_->first, whole.size()));
    const auto left = static_cast<std::size_t>(whole.end() - begin);
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min(piece_->second, left))};
  }
  [[nodiscard]] Frame ipv4_packet() const {
    const Frame l4 = piece_of_segment();
    const std::size_t header = 20 + ip_options_.size();
    Frame out;
    out.push_back(
        static_cast<std::uint8_t>((version_.value_or(4) << 4U) | header_words_.value_or(header / 4)));
    out.push_back(0);
    put16(out, ip_length_.value_or(header + l4.size()));
    put16(out, identification_);
    put16(out, (fragment_.value_or(0) & 0x1fffU) | ((fragment_.value_or(0) & 0x8000U) >> 2U));
    out.push_back(ttl_);
    out.push_back(protocol_);
    put16(out, 0);
    put(out, address(source_));
    put(out, address(destination_));
    put(out, ip_options_);
    set16(out, 10, plain_checksum(out) ^ (bad_ip_checksum_ ? 0x1111U : 0U));
    put(out, l4);
    return out;
  }
  [[nodiscard]] Frame ipv6_packet() const {
    Frame body;
    std::vector<std::pair<std::uint8_t, std::size_t>> chain = extensions_;
    if (fragment_) chain.emplace_back(44, 8);
    for (std::size_t i = 0; i < chain.size(); ++i) {
      const auto& [type, size] = chain[i];
      const std::size_t at = body.size();
      body.resize(at + size);
      body[at] = i + 1 < chain.size() ? chain[i + 1].first : protocol_;
      if (type == 44) {
        set16(body, at + 2, ((fragment_.value_or(0) & 0x1fffU) << 3U) | (fragment_.value_or(0) >> 15U));
        set16(body, at + 6, identification_);
      } else {
        body[at + 1] = static_cast<std::uint8_t>(type == 51 ? size / 4 - 2 : size / 8 - 1);
      }
    }
    put(body, piece_of_segment());
    Frame out;
    put32(out, static_cast<std::size_t>(version_.value_or(6)) << 28U);
    put16(out, ip_length_.value_or(body.size()));
    out.push_back(chain.empty() ? protocol_ : chain.front().first);
    out.push_back(ttl_);
    put(out, address(source_));
    put(out, address(destination_));
    put(out, body);
    return out;
  }

  MacAddress source_mac_{{2, 0, 0, 0, 0, 1}};
  MacAddress destination_mac_{{2, 0, 0, 0, 0, 2}};
  std::vector<std::pair<std::uint16_t, std::uint16_t>> tags_;
  std::optional<std::uint16_t> ethertype_;
  std::size_t mpls_ = 0;
  bool pppoe_ = false;
  std::optional<std::uint16_t> ppp_;
  bool snap_ = false;
  std::size_t padding_ = 0;
  std::optional<std::size_t> cut_;
  bool raw_ = true;

  bool ipv6_ = false;
  IpAddress source_;
  IpAddress destination_;
  std::uint8_t ttl_ = 64;
  std::uint16_t identification_ = 0;
  Frame ip_options_;
  std::optional<std::uint16_t> fragment_;
  std::optional<std::pair<std::size_t, std::size_t>> piece_;
  std::vector<std::pair<std::uint8_t, std::size_t>> extensions_;
  std::optional<std::uint8_t> version_;
  std::optional<std::size_t> header_words_;
  std::optional<std::size_t> ip_length_;
  bool bad_ip_checksum_ = false;

  std::uint8_t protocol_ = 253;  // RFC 3692 experimental
  std::uint16_t source_port_ = 0;
  std::uint16_t destination_port_ = 0;
  std::uint8_t flags_ = 0x10;
  std::uint32_t sequence_ = 0;
  std::uint32_t acknowledgement_ = 0;
  std::uint16_t window_ = 65'535;
  Frame tcp_options_;
  Frame payload_;
  std::optional<std::size_t> tcp_words_;
  std::optional<std::size_t> udp_length_;
  bool bad_l4_checksum_ = false;
  bool no_l4_checksum_ = false;
};

[[nodiscard]] inline PacketBuilder ipv4(std::string_view source, std::string_view destination) {
  return PacketBuilder{}.addresses(source, destination, false);
}
[[nodiscard]] inline PacketBuilder ipv6(std::string_view source, std::string_view destination) {
  return PacketBuilder{}.addresses(source, destination, true);
}
/// Anything that is not IP: the payload follows the Ethernet header.
[[nodiscard]] inline PacketBuilder raw(std::uint16_t ethertype) {
  return PacketBuilder{}.ethertype(ethertype);
}

}  // namespace weir::test
