// SPDX-License-Identifier: Apache-2.0
// One Ethernet frame of a canary's flow, with lengths and checksums that are right: at most one VLAN tag,
// IPv4 or IPv6 without options, TCP, UDP or an ICMP echo. Builds such frames and reads them again; what an
// attacker may send is read in classifier/ and dataplane/packet/, not here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/model/ip_address.h"

namespace weir::prove {

inline constexpr std::size_t kPayloadBytesMax = 1'400;  // of one frame: it fits any Ethernet, tagged or not

inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpReset = 0x04;
inline constexpr std::uint8_t kTcpPush = 0x08;
inline constexpr std::uint8_t kTcpAcknowledges = 0x10;

struct Frame {
  MacAddress from_mac;
  MacAddress to_mac;
  std::uint16_t vlan = 0;  // 0: untagged
  FiveTuple ends;  // initiator: who sends this frame; ICMP: the echo's identifier is the initiator's port
  std::uint8_t tcp_flags = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgement = 0;
  std::string payload;  // at most kPayloadBytesMax
};

/// Both addresses of `ends` are of one family. Protocols other than TCP, UDP and ICMP carry the payload as it
/// is.
[[nodiscard]] std::string frame_bytes(const Frame& frame);
/// nullopt: not such a frame. An IPv4 header's options and a TCP header's are passed over.
[[nodiscard]] std::optional<Frame> read_frame(std::string_view bytes);

}  // namespace weir::prove
