// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet/drop_reason.h"

namespace weir::dataplane {
namespace {

constexpr std::array<DropReasonText, kDropReasonCount> kTexts{{
    {"none", "Not dropped."},
    {"runt", "Shorter than its Ethernet header; look at cabling and duplex of the port."},
    {"vlan-depth", "More than three VLAN tags; Weir looks through three."},
    {"mpls-depth", "More than eight MPLS labels; Weir looks through eight."},
    {"ip-truncated", "Shorter than its IP header says; damaged, or an attack on parsers."},
    {"ip-header", "Wrong IP version, header length or total length; damaged, or an attack on parsers."},
    {"ip-checksum", "Wrong IPv4 header checksum; damaged on the way here."},
    {"ipv6-chain", "IPv6 extension headers that are cut or more than eight; rarely anything but an evasion."},
    {"l4-truncated", "Shorter than its TCP, UDP or ICMP header; damaged, or an attack on parsers."},
    {"l4-checksum",
     "Wrong checksum of TCP, UDP or an ICMP error, or of the tunnel around it: no receiver would take it, an "
     "inspector might "
     "be misled by it."},
    {"tcp-flags", "TCP flags that no TCP sends (SYN with FIN or RST, or none); a port scan, or an evasion."},
    {"ethertype", "The pair's ethertype table says drop; its counters name the type."},
    {"tcp-no-ack",
     "TCP data or FIN without ACK: no receiver would take it, an inspector might be misled by it."},
    {"tcp-handshake",
     "A SYN or SYN-ACK that its connection does not wait for (another first number, a SYN for an answer), or "
     "data before its answer on the ports of a refused one; an evasion."},
    {"tcp-acknowledgement",
     "Acknowledges what was never sent, or what was acknowledged more than a window ago; an evasion, or "
     "forged."},
    {"tcp-window", "TCP outside of the window that its receiver offers; an evasion, or forged."},
    {"tcp-signature",
     "A TCP MD5 or authentication option in a connection that did not agree on it; an evasion."},
    {"tcp-time-stamp",
     "A TCP time stamp older than its receiver has seen (PAWS); an evasion, or a stray packet."},
    {"hop-limit",
     "TTL or hop limit more than 3 below that of its sender's other packets: made to die before it arrives."},
    {"tcp-urgent", "TCP urgent data while `urgent: drop` is set for the pair."},
    {"policy-drop",
     "Blocked by the policy while its pair has `block: drop`, so nobody is told; the event has the rule."},
    {"policy-reset", "The policy blocks this flow; both ends were told. See the flow's event for the rule."},
    {"rate-limit", "More than the rate that the policy allows this flow, or this client."},
    {"policy-answer", "The policy answered in place of the other end; see the flow's event for the rule."},
    {"policy-cut",
     "Of a command that the policy refused, or sent behind it; its sender repeats what it may."},
    {"conflict", "Repeats bytes of its stream with other content: an evasion, or a broken middlebox."},
    {"ahead", "Too far ahead of a lost segment for Weir to keep it while it looks; its sender repeats it."},
    {"fragment-overlap",
     "IP fragments that contradict each other (bytes twice, two ends, too long): an evasion, or an attack."},
    {"fragment-duplicate", "The same IP fragment again before its datagram was whole; the first one serves."},
    {"exception", "The exception table says drop; the exception counters name the cause."},
    {"transmit-full", "The other port did not take it: it is slower than what arrives here."},
    {"handover-full",
     "The worker of its host did not take it: that worker has more to do than one core can."},
    {"oversize", "In several pieces that do not fit one packet buffer; lower the MTU of the port."},
}};
static_assert(!kTexts.back().name.empty(), "every reason has its text");

}  // namespace

const std::array<DropReasonText, kDropReasonCount>& drop_reason_texts() { return kTexts; }

}  // namespace weir::dataplane
