// SPDX-License-Identifier: Apache-2.0
#include "classifier/inspect/client_datagrams.h"

#include <algorithm>
#include <array>

#include "classifier/inspect/dhcp_message.h"
#include "classifier/inspect/kerberos_message.h"
#include "classifier/inspect/netbios_name.h"

namespace weir::classifier {

namespace {

struct Arrived {
  channel::Direction from{};
  Bytes bytes;
  FlowFacts& facts;
  IdentityClaims& claims;
  RadiusAccounting& radius;
};

struct Line {
  std::array<std::uint16_t, 2> ports;  // of either end
  bool (*looks_like)(Bytes);
  void (*read)(Arrived&);
};

constexpr std::array kLines{
    Line{{67, 68}, looks_like_dhcp, [](Arrived& a) { read_dhcp(a.bytes, a.facts.dhcp, a.claims); }},
    Line{{546, 547}, looks_like_dhcpv6, [](Arrived& a) { read_dhcpv6(a.bytes, a.facts.dhcp, a.claims); }},
    Line{{137, 137}, looks_like_netbios_registration, [](Arrived& a) { read_netbios(a.bytes, a.claims); }},
    Line{{88, 88}, looks_like_kerberos, [](Arrived& a) { read_kerberos(a.bytes, a.claims); }},
    Line{{1'813, 1'646},
         looks_like_radius_accounting,
         [](Arrived& a) { a.radius.read(a.from, a.bytes, a.claims); }},
};

}  // namespace

bool ClientDatagrams::read(const FiveTuple& tuple, channel::Direction from, Bytes datagram, FlowFacts& facts,
                           IdentityClaims& claims) {
  for (const Line& line : kLines) {
    const bool port = std::any_of(line.ports.begin(), line.ports.end(), [&](std::uint16_t each) {
      return each == tuple.initiator_port || each == tuple.responder_port;
    });
    if (!port || !line.looks_like(datagram)) continue;
    Arrived arrived{.from = from, .bytes = datagram, .facts = facts, .claims = claims, .radius = radius_};
    line.read(arrived);
    return true;
  }
  return false;
}

}  // namespace weir::classifier
