// SPDX-License-Identifier: Apache-2.0
#include "policy/prove/frame.h"

#include <algorithm>

#include "policy/model/byte_reader.h"
#include "policy/prove/wire.h"

namespace weir::prove {
namespace {

constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;
constexpr std::uint16_t kEthertypeVlan = 0x8100;
constexpr std::uint8_t kTimeToLive = 64;
constexpr std::uint16_t kWindow = 65'535;
constexpr std::uint8_t kEchoRequest = 8;           // RFC 792
constexpr std::uint8_t kEchoRequestV6 = 128;       // RFC 4443 section 4.1
constexpr std::size_t kChecksumAt[] = {16, 6, 2};  // in TCP, UDP, ICMP

std::string address_bytes(const IpAddress& address, bool ipv4) {
  const auto& bytes = address.bytes();
  return {bytes.begin() + (ipv4 ? 12 : 0), bytes.end()};
}

std::string mac_bytes(const MacAddress& mac) { return {mac.bytes.begin(), mac.bytes.end()}; }

/// RFC 1071.
std::uint16_t checksum(std::string_view bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    sum += std::uint64_t{static_cast<unsigned char>(bytes[i])} << (i % 2 == 0 ? 8U : 0U);
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

void put_checksum(std::string& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<char>(value >> 8U);
  bytes[at + 1] = static_cast<char>(value & 0xffU);
}

std::string l4_header(const Frame& frame, bool ipv4) {
  const FiveTuple& ends = frame.ends;
  switch (ends.protocol) {
    case kProtocolTcp:
      return Wire{}
          .u16(ends.initiator_port)
          .u16(ends.responder_port)
          .u32(frame.sequence)
          .u32(frame.acknowledgement)
          .u8(5U << 4U)
          .u8(frame.tcp_flags)
          .u16(kWindow)
          .u32(0)
          .take();
    case kProtocolUdp:
      return Wire{}
          .u16(ends.initiator_port)
          .u16(ends.responder_port)
          .u16(8 + frame.payload.size())
          .u16(0)
          .take();
    case kProtocolIcmp:
    case kProtocolIcmpV6:
      return Wire{}
          .u8(ipv4 ? kEchoRequest : kEchoRequestV6)
          .u8(0)
          .u16(0)
          .u16(ends.initiator_port)
          .u16(1)
          .take();
    default:
      return {};
  }
}

/// The part behind the IP header.
std::string l4_bytes(const Frame& frame, bool ipv4) {
  const std::uint8_t protocol = frame.ends.protocol;
  std::string bytes = l4_header(frame, ipv4) + frame.payload;
  const bool icmp = protocol == kProtocolIcmp || protocol == kProtocolIcmpV6;
  if (protocol != kProtocolTcp && protocol != kProtocolUdp && !icmp) return bytes;
  // The pseudo-header of RFC 9293 section 3.1 and RFC 8200 section 8.1; ICMP over IPv4 has none.
  std::string summed;
  if (ipv4 && !icmp) {
    summed = address_bytes(frame.ends.initiator, true) + address_bytes(frame.ends.responder, true) +
             Wire{}.u8(0).u8(protocol).u16(bytes.size()).take();
  } else if (!ipv4) {
    summed = address_bytes(frame.ends.initiator, false) + address_bytes(frame.ends.responder, false) +
             Wire{}.u32(bytes.size()).u24(0).u8(protocol).take();
  }
  std::uint16_t sum = checksum(summed + bytes);
  if (sum == 0 && protocol == kProtocolUdp) sum = 0xffff;  // RFC 768: 0 would say that there is none
  put_checksum(bytes, kChecksumAt[icmp ? 2 : protocol == kProtocolUdp ? 1 : 0], sum);
  return bytes;
}

std::string ip_header(const Frame& frame, bool ipv4, std::size_t payload_bytes) {
  const FiveTuple& ends = frame.ends;
  Wire wire;
  if (ipv4) {
    wire.u8(0x45).u8(0).u16(20 + payload_bytes).u16(0).u16(0x4000).u8(kTimeToLive).u8(ends.protocol).u16(0);
  } else {
    wire.u32(0x6000'0000).u16(payload_bytes).u8(ends.protocol).u8(kTimeToLive);
  }
  std::string bytes =
      wire.raw(address_bytes(ends.initiator, ipv4)).raw(address_bytes(ends.responder, ipv4)).take();
  if (ipv4) put_checksum(bytes, 10, checksum(bytes));
  return bytes;
}

MacAddress read_mac(ByteReader& reader) {
  MacAddress mac;
  const Bytes bytes = reader.take(mac.bytes.size());
  if (bytes.size() == mac.bytes.size()) std::ranges::copy(bytes, mac.bytes.begin());
  return mac;
}

/// Reads the IP header; what it carries, without Ethernet padding.
Bytes read_ip(Bytes packet, std::uint16_t ethertype, FiveTuple& ends) {
  ByteReader reader{packet};
  if (ethertype == kEthertypeIpv4) {
    const std::size_t header = (reader.u8() & 0x0fU) * std::size_t{4};
    reader.skip(1);
    const std::size_t length = reader.u16();
    reader.skip(5);
    ends.protocol = reader.u8();
    if (!reader.ok() || header < 20 || length < header || length > packet.size()) return {};
    ends.initiator = IpAddress::v4(packet.subspan<12, 4>());
    ends.responder = IpAddress::v4(packet.subspan<16, 4>());
    return packet.first(length).subspan(header);
  }
  if (ethertype != kEthertypeIpv6 || packet.size() < 40) return {};
  reader.skip(4);
  const std::size_t length = reader.u16();
  ends.protocol = reader.u8();
  if (length > packet.size() - 40) return {};
  ends.initiator = IpAddress::v6(packet.subspan<8, 16>());
  ends.responder = IpAddress::v6(packet.subspan<24, 16>());
  return packet.subspan(40, length);
}

bool read_l4(Bytes bytes, Frame& frame) {
  ByteReader reader{bytes};
  std::size_t header = 8;
  if (frame.ends.protocol == kProtocolTcp || frame.ends.protocol == kProtocolUdp) {
    frame.ends.initiator_port = reader.u16();
    frame.ends.responder_port = reader.u16();
    if (frame.ends.protocol == kProtocolTcp) {
      frame.sequence = reader.u32();
      frame.acknowledgement = reader.u32();
      header = (reader.u8() >> 4U) * std::size_t{4};
      frame.tcp_flags = reader.u8();
    }
  } else if (frame.ends.protocol == kProtocolIcmp || frame.ends.protocol == kProtocolIcmpV6) {
    reader.skip(4);
    frame.ends.initiator_port = reader.u16();
  } else {
    header = 0;
  }
  if (!reader.ok() || header > bytes.size()) return false;
  frame.payload = as_text(bytes.subspan(header));
  return true;
}

}  // namespace

std::string frame_bytes(const Frame& frame) {
  const bool ipv4 = frame.ends.initiator.is_v4();
  const std::string l4 = l4_bytes(frame, ipv4);
  Wire wire;
  wire.raw(mac_bytes(frame.to_mac)).raw(mac_bytes(frame.from_mac));
  if (frame.vlan != 0) wire.u16(kEthertypeVlan).u16(frame.vlan);
  return wire.u16(ipv4 ? kEthertypeIpv4 : kEthertypeIpv6)
      .raw(ip_header(frame, ipv4, l4.size()))
      .raw(l4)
      .take();
}

std::optional<Frame> read_frame(std::string_view bytes) {
  ByteReader reader{as_bytes(bytes)};
  Frame frame;
  frame.to_mac = read_mac(reader);
  frame.from_mac = read_mac(reader);
  std::uint16_t ethertype = reader.u16();
  if (ethertype == kEthertypeVlan) {
    frame.vlan = reader.u16() & 0x0fffU;
    ethertype = reader.u16();
  }
  if (!reader.ok()) return std::nullopt;
  const Bytes l4 = read_ip(reader.rest(), ethertype, frame.ends);
  if (l4.data() == nullptr || !read_l4(l4, frame)) return std::nullopt;
  return frame;
}

}  // namespace weir::prove
