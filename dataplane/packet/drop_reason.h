// SPDX-License-Identifier: Apache-2.0
// Every reason for which a received packet does not leave Weir. A counter per port and reason; the list is
// the documentation: kDropReasons gives the name and what a technician should make of it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir::dataplane {

enum class DropReason : std::uint8_t {
  kNone,                // not dropped
  kRunt,                // shorter than an Ethernet header
  kVlanDepth,           // more VLAN tags than kVlanTagsMax
  kMplsDepth,           // more MPLS labels than kMplsLabelsMax
  kIpTruncated,         // shorter than its IP header says
  kIpHeader,            // wrong version, header length or total length
  kIpChecksum,          // wrong IPv4 header checksum
  kIpv6Chain,           // extension header chain longer than kIpv6ExtensionsMax or cut
  kL4Truncated,         // shorter than its TCP, UDP or ICMP header
  kL4Checksum,          // wrong TCP or UDP checksum, or of a tunnel around it: no receiver takes it
  kTcpFlags,            // flag combination that no TCP sends (SYN+FIN, SYN+RST, no flag at all)
  kEthertype,           // the pair's ethertype table said drop
  kTcpNoAck,            // data or FIN without ACK
  kTcpHandshake,        // a SYN or SYN-ACK that the connection is not waiting for
  kTcpAcknowledgement,  // acknowledges what was never sent, or what was acknowledged long ago
  kTcpWindow,           // outside of what its receiver would take
  kTcpSignature,        // signed (MD5, AO) where the connection is not, or not signed where it is
  kTcpTimeStamp,        // older than what its receiver saw (PAWS)
  kHopLimit,            // TTL or hop limit far below that of its sender's other packets
  kTcpUrgent,           // urgent data, and the pair's settings say drop
  kPolicyDrop,          // a verdict said drop
  kPolicyReset,         // a verdict said reset; both ends were told
  kRateLimit,           // more than the rate that a verdict allows
  kAnswered,            // Weir answered in place of the other end
  kCut,                 // follows, or is, a command that the policy refused; its sender repeats it
  kConflict,            // repeats bytes of the stream with other content
  kAhead,               // further ahead of what its receiver has than can be kept; its sender repeats it
  kFragmentOverlap,    // its datagram contradicts itself: bytes given twice, two ends, more than 65,535 bytes
  kFragmentDuplicate,  // the same fragment again while its datagram waits for the rest
  kException,          // the exception table said drop; see the exception counters for the cause
  kTransmitFull,       // the other port's queue did not take it
  kHandoverFull,       // the ring to the worker of its host was full
  kOversize,           // longer than a packet buffer and in several pieces that do not fit one
  kCount,
};
inline constexpr std::size_t kDropReasonCount = static_cast<std::size_t>(DropReason::kCount);

struct DropReasonText {
  std::string_view name;  // kebab-case, used in counters
  std::string_view help;
};
[[nodiscard]] const std::array<DropReasonText, kDropReasonCount>& drop_reason_texts();

}  // namespace weir::dataplane
