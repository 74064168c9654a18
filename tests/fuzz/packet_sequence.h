// SPDX-License-Identifier: Apache-2.0
// Frames out of the bytes of a fuzz input: raw ones, and ones that are built layer by layer over a few ends,
// so that the packets of one flow meet. It knows nothing of what is done with them.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "tests/support/packet_builder.h"
#include "tests/support/tunnel_builder.h"

namespace weir::fuzz {

inline constexpr std::size_t kFrameBytesMax = 2'000;  // fits one packet buffer

/// The input, byte by byte; zeros after its end.
class Input {
 public:
  explicit Input(Bytes bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t u8() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t u16() {
    const std::uint16_t high = u8();
    return static_cast<std::uint16_t>(high << 8U | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16U | u16();
  }
  std::uint8_t below(std::uint8_t count) { return static_cast<std::uint8_t>(u8() % count); }
  bool one_in(std::uint8_t count) { return below(count) == 1; }
  Bytes take(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  template <typename T, std::size_t N>
  const T& of(const std::array<T, N>& choices) {
    return choices[u8() % N];
  }

 private:
  Bytes rest_;
};

/// Builds the frames of one sequence; `inside`: the port that they come in at.
class FrameMaker {
 public:
  explicit FrameMaker(Input& input) : in_(input) {}

  test::Frame make(bool inside) {
    test::Frame frame = in_.one_in(8) ? noise() : link(packet(inside)).bytes();
    if (in_.one_in(8) && !frame.empty()) frame[in_.u16() % frame.size()] ^= in_.u8();
    if (frame.empty()) frame.push_back(0);
    if (frame.size() > kFrameBytesMax) frame.resize(kFrameBytesMax);
    return frame;
  }

 private:
  test::Frame noise() {
    const Bytes bytes = in_.take(in_.u8());
    return {bytes.begin(), bytes.end()};
  }

  test::PacketBuilder ends(bool inside, bool ipv6) {
    static constexpr std::array<std::array<const char*, 2>, 2> kClients{
        {{"10.0.0.1", "10.0.0.2"}, {"fd00::1", "fd00::2"}}};
    static constexpr std::array<std::array<const char*, 2>, 2> kServers{
        {{"198.51.100.7", "198.51.100.8"}, {"2001:db8::7", "2001:db8::8"}}};
    const std::string_view client = kClients[ipv6 ? 1 : 0][in_.below(2)];
    const std::string_view server = kServers[ipv6 ? 1 : 0][in_.below(2)];
    const auto make = ipv6 ? test::ipv6 : test::ipv4;
    return inside ? make(client, server) : make(server, client);
  }

  /// What an end says next is mostly near one of a few numbers, so that segments repeat, overlap and fit.
  std::uint32_t number(std::uint32_t base) {
    static constexpr std::array<std::uint32_t, 8> kSteps{0, 1, 2, 11, 101, 1'001, 0x4000'0000, 0xffff'fff0};
    return base + in_.of(kSteps) + in_.below(4);
  }

  test::PacketBuilder tcp(bool inside, bool ipv6) {
    static constexpr std::array<const char*, 16> kFlags{"S",  "SA", "A", "A",  "PA", "PA", "FA", "R",
                                                        "RA", "SF", "",  "PU", "P",  "UA", "F",  "SAP"};
    static constexpr std::array<std::uint16_t, 4> kWindows{1'000, 0, 65'535, 1};
    test::PacketBuilder packet = ends(inside, ipv6);
    ports(packet, inside, true);
    packet.flags(in_.of(kFlags)).sequence(number(inside ? 100 : 500)).window(in_.of(kWindows));
    packet.acknowledgement(number(inside ? 500 : 100));
    if (in_.one_in(4)) {
      test::Frame options = {8, 10, 0, 0, 0, in_.u8(), 0, 0, 0, 0, 1, 1};
      if (in_.one_in(2)) options.insert(options.end(), {3, 3, in_.u8(), 1});
      if (in_.one_in(4)) options.insert(options.end(), {in_.u8(), in_.u8(), in_.u8(), in_.u8()});
      packet.tcp_options(std::move(options));
    }
    return packet;
  }

  void ports(test::PacketBuilder& packet, bool inside, bool is_tcp) {
    static constexpr std::array<std::uint16_t, 4> kClientPorts{40'000, 40'001, 40'002, 443};
    static constexpr std::array<std::uint16_t, 4> kServerPorts{443, 53, 25, 80};
    std::uint16_t source = in_.of(kClientPorts);
    std::uint16_t destination = in_.of(kServerPorts);
    if (!inside) std::swap(source, destination);
    if (is_tcp) {
      packet.tcp(source, destination);
    } else {
      packet.udp(source, destination);
    }
  }

  /// An error about a packet that went the other way.
  test::PacketBuilder icmp_error(bool inside, bool ipv6) {
    test::Frame about(4, 0);
    test::put(about, test::without_ethernet(plain(!inside, ipv6)));
    about.resize(std::min<std::size_t>(about.size(), 8 + in_.below(80)));
    return ends(inside, ipv6).icmp(ipv6 ? 1 : 3, in_.below(16)).payload(Bytes{about});
  }

  test::PacketBuilder plain(bool inside, bool ipv6) {
    switch (in_.below(8)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return tcp(inside, ipv6);
      case 4:
      case 5: {
        test::PacketBuilder packet = ends(inside, ipv6);
        ports(packet, inside, false);
        return packet;
      }
      case 6:
        return ends(inside, ipv6).icmp(in_.u8(), in_.below(4));
      default:
        return ends(inside, ipv6).protocol(in_.u8());
    }
  }

  test::PacketBuilder tunnelled(bool inside) {
    test::PacketBuilder inner = damaged(filled(plain(inside, in_.one_in(2))));
    switch (in_.below(6)) {
      case 0:
        return test::gre(inner, {.checksum = in_.one_in(2), .ethernet = in_.one_in(2)}, in_.one_in(2));
      case 1:
        return test::ipip(inner, in_.one_in(2));
      case 2:
        return test::vxlan(inner, in_.below(4));
      case 3:
        return test::geneve(inner, in_.below(4), static_cast<std::uint8_t>(4 * in_.below(8)));
      case 4:
        return test::gtp(inner, static_cast<std::uint8_t>(0x30U | in_.below(8)), in_.below(3));
      default:
        return test::teredo(inner, in_.one_in(2) ? "ao" : "");
    }
  }

  test::PacketBuilder filled(test::PacketBuilder packet) {
    static constexpr std::array<std::size_t, 8> kSizes{0, 1, 10, 10, 100, 1'000, 1'300, 0};
    if (in_.one_in(4)) return packet.payload(in_.take(in_.u8()));
    const std::string text(in_.of(kSizes), static_cast<char>('a' + in_.below(3)));
    return packet.payload(text);
  }

  test::PacketBuilder damaged(test::PacketBuilder packet) {
    switch (in_.below(16)) {
      case 1:
        return packet.bad_ip_checksum();
      case 2:
        return packet.bad_l4_checksum();
      case 3:
        return packet.no_l4_checksum();
      case 4:
        return packet.ip_version(in_.below(16));
      case 5:
        return packet.ip_header_words(in_.below(16));
      case 6:
        return packet.ip_length(in_.u16());
      case 7:
        return packet.tcp_header_words(in_.below(16));
      case 8:
        return packet.udp_length(in_.u16());
      case 9:
        return packet.cut(std::size_t{14} + in_.u8());
      case 10:
        return packet.ttl(in_.below(8));
      default:
        return packet;
    }
  }

  test::PacketBuilder packet(bool inside) {
    const bool ipv6 = in_.one_in(3);
    const std::uint8_t kind = in_.below(16);
    if (kind == 0) return damaged(filled(tunnelled(inside)));
    if (kind == 1) return test::raw(in_.u16()).payload(in_.take(in_.below(64)));
    test::PacketBuilder made = kind == 2 ? icmp_error(inside, ipv6) : filled(plain(inside, ipv6));
    if (ipv6 && in_.one_in(4)) {
      static constexpr std::array<std::uint8_t, 4> kTypes{0, 43, 60, 135};
      for (std::uint8_t left = in_.below(10); left > 0; --left) made.extension(in_.of(kTypes));
    }
    if (!ipv6 && in_.one_in(8)) made.ip_options(test::Frame(4U * in_.below(10), in_.u8()));
    if (in_.one_in(4)) {
      made.identification(in_.below(3));
      made.piece(std::size_t{8} * in_.below(8), std::size_t{8} * (1U + in_.below(16)));
    }
    return damaged(made);
  }

  test::PacketBuilder link(test::PacketBuilder packet) {
    switch (in_.below(16)) {
      case 1:
        return packet.vlan(in_.below(2));
      case 2:
        return packet.vlan(in_.below(2), 0x88a8).vlan(in_.below(2));
      case 3:
        return packet.mpls(in_.below(10));
      case 4:
        return packet.pppoe();
      case 5:
        return packet.snap();
      case 6:
        return packet.padding(in_.u8());
      case 7: {
        for (std::uint8_t left = in_.below(6); left > 0; --left) packet.vlan(left);
        return packet;
      }
      default:
        return packet;
    }
  }

  Input& in_;
};

}  // namespace weir::fuzz
