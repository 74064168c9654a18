// SPDX-License-Identifier: Apache-2.0
#include "policy/detect/sight.h"

#include <algorithm>
#include <array>

#include "policy/categories/name_shape.h"

namespace weir::policy {
namespace {

constexpr std::uint32_t kNoSuchName = 3;  // RFC 1035 section 4.1.1

std::int64_t frame_bytes(const event::Counters& counters) {
  return static_cast<std::int64_t>(counters.bytes_from_initiator() + counters.bytes_from_responder());
}

DnsAsked asked_of(const event::DnsLoad& load) {
  return {load.domain(), load.questions(),     load.carrying(),    load.entropy(),
          load.bytes(),  load.longest_label(), load.no_such_name()};
}

/// Of a flow that showed one question.
DnsAsked asked_of(const event::Dns& dns, std::string_view registered) {
  DnsAsked asked;
  asked.domain = std::string(registered);
  asked.questions = 1;
  asked.no_such_name = dns.response() && dns.rcode() == kNoSuchName ? 1 : 0;
  const NameLoad load = load_of(dns.query(), registered);
  if (!load.carrying) return asked;
  asked.carrying = 1;
  asked.entropy = load.entropy;
  asked.bytes = load.bytes;
  asked.longest = load.longest;
  return asked;
}

}  // namespace

bool is_outside(const std::string& address) {
  static const std::vector<Subnet> kInside = [] {
    std::vector<Subnet> made;
    for (const char* const one :
         {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
          "224.0.0.0/4", "255.255.255.255", "0.0.0.0", "fc00::/7", "fe80::/10", "ff00::/8", "::1", "::"})
      if (const auto subnet = Subnet::parse(one)) made.push_back(*subnet);
    return made;
  }();
  const auto parsed = IpAddress::parse(address);
  return parsed && std::none_of(kInside.begin(), kInside.end(),
                                [&](const Subnet& subnet) { return subnet.contains(*parsed); });
}

Sight sight_of(const event::FlowEvent& event, const std::vector<SoftwareSighting>& software,
               const PublicSuffixes& suffixes) {
  const bool inside_began = event.initiator_inside();
  const std::string& client = inside_began ? event.initiator() : event.responder();
  const std::string& peer = inside_began ? event.responder() : event.initiator();
  Sight sight{.event = event,
              .client = client,
              .peer = peer,
              .host = event.host().empty() ? peer : event.host(),
              .software = software,
              .dns = {}};
  // A flow that nobody ended is said to be over long after its last packet.
  const bool ended = event.kind() == event::KIND_FINAL && event.ended_ns() != 0;
  sight.at = static_cast<TimeNs>(ended ? std::min(event.ended_ns(), event.time_ns()) : event.time_ns());
  sight.began = event.started_ns() == 0 ? sight.at : static_cast<TimeNs>(event.started_ns());
  sight.final = event.kind() == event::KIND_FINAL;
  sight.outside = sight.final && is_outside(peer);
  sight.bytes = sight.final ? frame_bytes(event.counters()) : 0;
  for (const event::DnsLoad& load : event.dns_load()) sight.dns.push_back(asked_of(load));
  const bool one_question = sight.final && event.has_dns() && event.dns_load().empty();
  if (one_question && !event.dns().query().empty()) {
    const std::string_view registered = suffixes.registered(event.dns().query());
    if (!registered.empty()) sight.dns.push_back(asked_of(event.dns(), registered));
  }
  return sight;
}

}  // namespace weir::policy
