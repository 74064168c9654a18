// SPDX-License-Identifier: Apache-2.0
#include "classifier/engine/facts_of.h"

#include <algorithm>

namespace weir::classifier {

namespace {

std::string_view type_word(channel::TunnelType type) {
  switch (type) {
    case channel::TunnelType::kNone:
      return "";
    case channel::TunnelType::kGre:
      return "gre";
    case channel::TunnelType::kIpip:
      return "ipip";
    case channel::TunnelType::kVxlan:
      return "vxlan";
    case channel::TunnelType::kGeneve:
      return "geneve";
    case channel::TunnelType::kGtpU:
      return "gtp-u";
    case channel::TunnelType::kTeredo:
      return "teredo";
  }
  return "";
}

TunnelFacts tunnel_of(const channel::FlowOpened& opened) {
  TunnelFacts facts = tunnel_of_type(type_word(opened.tunnel.type), IpAddress::v6(opened.initiator).is_v4());
  if (facts.type.empty()) return facts;
  facts.low_end = IpAddress::v6(opened.tunnel.low_address);
  facts.high_end = IpAddress::v6(opened.tunnel.high_address);
  facts.id = opened.tunnel.id;
  return facts;
}

}  // namespace

FlowFacts facts_of(const channel::FlowOpened& opened, TimeNs started) {
  FlowFacts facts;
  facts.tuple.initiator = IpAddress::v6(opened.initiator);  // the channel's form of IPv4 is the model's
  facts.tuple.responder = IpAddress::v6(opened.responder);
  facts.tuple.initiator_port = opened.initiator_port;
  facts.tuple.responder_port = opened.responder_port;
  facts.tuple.protocol = opened.protocol;
  facts.tunnel = tunnel_of(opened);
  facts.vlan = opened.vlan;
  facts.inner_vlans = opened.inner_vlans;
  facts.client_mac.bytes = opened.client_mac;
  facts.initiator_inside = opened.initiator_inside != 0;
  facts.started = started;
  facts.master = "Unknown";
  return facts;
}

ClientPlace place_of(const FlowFacts& facts) {
  const MacAddress mac = facts.tunnel.type.empty() ? facts.client_mac : MacAddress{};
  return {mac, facts.vlan, facts.client()};
}

Bytes payload_of(const channel::Request& request) {
  const std::size_t offset = std::min<std::size_t>(request.head.payload_offset, request.packet.size());
  const Bytes rest = request.packet.subspan(offset);
  return rest.first(std::min<std::size_t>(rest.size(), request.head.payload_bytes));
}

bool is_later_fragment(const channel::Request& request, std::uint8_t protocol) {
  return request.head.l4_offset == 0 && (protocol == kProtocolTcp || protocol == kProtocolUdp);
}

void note_icmp(FlowContext& flow, const channel::Request& request) {
  const std::uint8_t protocol = flow.facts.tuple.protocol;
  if (flow.icmp_seen || (protocol != kProtocolIcmp && protocol != kProtocolIcmpV6)) return;
  if (request.head.direction != channel::Direction::kFromInitiator || request.head.l4_offset == 0) return;
  ByteReader reader{request.packet};
  reader.skip(request.head.l4_offset);
  flow.icmp_type = reader.u8();
  flow.icmp_code = reader.u8();
  flow.icmp_seen = reader.ok();
}

}  // namespace weir::classifier
