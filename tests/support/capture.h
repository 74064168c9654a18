// SPDX-License-Identifier: Apache-2.0
// Reads a capture file packet by packet for tests and benchmarks of the classifier alone: Ethernet (with VLAN
// tags), raw IP, Linux cooked and loopback captures. It finds offsets only for well-formed packets; the data
// plane's parser is what judges hostile ones.
#pragma once

#include <pcap/pcap.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/model/byte_reader.h"
#include "policy/model/ip_address.h"
#include "policy/model/time.h"

namespace weir::test {

struct CapturedPacket {
  std::vector<std::uint8_t> from_l3;  // without Ethernet padding
  TimeNs time = 0;
  FiveTuple tuple;  // initiator = sender of this packet
  std::uint16_t l4_offset = 0;
  std::uint16_t payload_offset = 0;
  std::uint16_t payload_bytes = 0;
  std::uint32_t tcp_sequence = 0;
  std::uint32_t tcp_acknowledgement = 0;
  std::uint8_t tcp_flags = 0;
};

namespace capture_detail {

inline std::optional<std::size_t> l3_offset(int link, Bytes frame) {
  ByteReader reader{frame};
  if (link == DLT_RAW) return 0;
  if (link == DLT_NULL) return 4;
  std::size_t at = link == DLT_LINUX_SLL ? 14 : 12;
  if (link != DLT_EN10MB && link != DLT_LINUX_SLL) return std::nullopt;
  for (;;) {
    if (at + 2 > frame.size()) return std::nullopt;
    const unsigned type = static_cast<unsigned>(frame[at]) << 8U | frame[at + 1];
    at += 2;
    if (type == 0x8100 || type == 0x88a8) {
      at += 2;
    } else {
      return type == 0x0800 || type == 0x86dd ? std::optional{at} : std::nullopt;
    }
  }
}

/// Walks to the L4 header; nullopt: later fragment or malformed.
inline std::optional<std::size_t> l4_offset(Bytes ip, CapturedPacket& packet, std::size_t& end) {
  ByteReader reader{ip};
  if (ip.size() >= 20 && (ip[0] >> 4U) == 4) {
    const std::size_t header = (ip[0] & 0x0fU) * std::size_t{4};
    reader.skip(2);
    end = std::min<std::size_t>(ip.size(), reader.u16());
    reader.skip(2);
    const bool later_fragment = (reader.u16() & 0x1fffU) != 0;
    reader.skip(1);
    packet.tuple.protocol = reader.u8();
    packet.tuple.initiator = IpAddress::v4(ip.subspan<12, 4>());
    packet.tuple.responder = IpAddress::v4(ip.subspan<16, 4>());
    if (later_fragment || header < 20 || header > end) return std::nullopt;
    return header;
  }
  if (ip.size() < 40 || (ip[0] >> 4U) != 6) return std::nullopt;
  reader.skip(4);
  end = std::min<std::size_t>(ip.size(), reader.u16() + 40U);
  std::uint8_t next = ip[6];
  packet.tuple.initiator = IpAddress::v6(ip.subspan<8, 16>());
  packet.tuple.responder = IpAddress::v6(ip.subspan<24, 16>());
  std::size_t at = 40;
  while ((next == 0 || next == 43 || next == 60) && at + 8 <= end) {
    next = ip[at];
    at += (ip[at + 1] + std::size_t{1}) * 8;
  }
  packet.tuple.protocol = next;
  return next == 44 || at > end ? std::nullopt : std::optional{at};
}

inline bool find_payload(Bytes ip, CapturedPacket& packet) {
  std::size_t end = 0;
  const auto l4 = l4_offset(ip, packet, end);
  if (!l4) return false;
  std::size_t payload = *l4;
  ByteReader reader{ip.first(end).subspan(*l4)};
  if (packet.tuple.protocol == kProtocolTcp || packet.tuple.protocol == kProtocolUdp) {
    packet.tuple.initiator_port = reader.u16();
    packet.tuple.responder_port = reader.u16();
    packet.tcp_sequence = reader.u32();
    std::size_t header = 8;
    if (packet.tuple.protocol == kProtocolTcp) {
      packet.tcp_acknowledgement = reader.u32();
      header = (reader.u8() >> 4U) * std::size_t{4};
      packet.tcp_flags = reader.u8();
    }
    payload += header;
  }
  if (!reader.ok() || payload > end) return false;
  packet.from_l3.assign(ip.begin(), ip.begin() + static_cast<std::ptrdiff_t>(end));
  packet.l4_offset = static_cast<std::uint16_t>(*l4);
  packet.payload_offset = static_cast<std::uint16_t>(payload);
  packet.payload_bytes = static_cast<std::uint16_t>(end - payload);
  return true;
}

}  // namespace capture_detail

/// Every well-formed IP packet of the capture, in its order; empty when the file cannot be read.
inline std::vector<CapturedPacket> read_capture(const std::string& path) {
  char error[PCAP_ERRBUF_SIZE];
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> file{pcap_open_offline(path.c_str(), error), pcap_close};
  std::vector<CapturedPacket> packets;
  if (!file) return packets;
  pcap_pkthdr* header = nullptr;
  const std::uint8_t* data = nullptr;
  while (pcap_next_ex(file.get(), &header, &data) == 1) {
    const Bytes frame{data, header->caplen};
    const auto at = capture_detail::l3_offset(pcap_datalink(file.get()), frame);
    CapturedPacket packet;
    packet.time = header->ts.tv_sec * kSecond + header->ts.tv_usec * kMicrosecond;
    if (at && *at < frame.size() && capture_detail::find_payload(frame.subspan(*at), packet)) {
      packets.push_back(std::move(packet));
    }
  }
  return packets;
}

}  // namespace weir::test
