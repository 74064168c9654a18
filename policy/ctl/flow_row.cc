// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/flow_row.h"

#include <fmt/format.h>

#include <utility>

#include "policy/model/flow_facts.h"

namespace weir::ctl {
namespace {

const char* kind_text(event::Kind kind) {
  switch (kind) {
    case event::KIND_OPENED:
      return "opened";
    case event::KIND_UPDATE:
      return "update";
    case event::KIND_FINAL:
      return "final";
    default:
      return "unknown";
  }
}

}  // namespace

std::string end_text(const std::string& address, unsigned port) {
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", port);
}

std::string app_text(const event::FlowEvent& event) {
  return event.app().empty() ? event.master() : event.master() + "." + event.app();
}

std::string l4_name(unsigned protocol) {
  static constexpr std::pair<unsigned, const char*> kNames[] = {{1, "ICMP"}, {2, "IGMP"},    {6, "TCP"},
                                                                {17, "UDP"}, {58, "ICMPV6"}, {112, "VRRP"}};
  for (const auto& [number, name] : kNames) {
    if (number == protocol) return name;
  }
  return std::to_string(protocol);
}

const std::vector<std::string>& classify_columns() {
  static const std::vector<std::string> kColumns{"pcap",   "l4",     "addr_a",  "port_a",     "addr_b",
                                                 "port_b", "master", "app",     "confidence", "host",
                                                 "action", "rule",   "country", "asn"};
  return kColumns;
}

Json classify_row(const event::FlowEvent& event, const std::string& capture) {
  return {{"pcap", capture},
          {"l4", l4_name(event.protocol())},
          {"addr_a", event.initiator()},
          {"port_a", event.initiator_port()},
          {"addr_b", event.responder()},
          {"port_b", event.responder_port()},
          {"master", event.master()},
          {"app", event.app()},
          {"confidence", event.confidence()},
          {"host", event.host()},
          {"action", event.action()},
          {"rule", event.rule()},
          {"policy_exception", event.policy_exception()},
          {"country", event.country()},
          {"asn", event.asn() == 0 ? Json{} : Json{event.asn()}.front()}};
}

std::optional<Json> icmp_error_row(const event::FlowEvent& event, const std::string& capture) {
  const event::Network& network = event.network();
  if (network.icmp_error_from().empty()) return std::nullopt;
  event::FlowEvent error;
  const bool v6 = network.icmp_error_from().find(':') != std::string::npos;
  error.set_protocol(v6 ? kProtocolIcmpV6 : kProtocolIcmp);
  error.set_initiator(network.icmp_error_from());
  error.set_responder(network.icmp_error_to());
  error.set_master(l4_name(error.protocol()));
  error.set_confidence(to_string(AppConfidence::kDpi));
  error.set_action(event.action());
  error.set_rule(event.rule());
  return classify_row(error, capture);
}

const std::vector<std::string>& watch_columns() {
  static const std::vector<std::string> kColumns{"time", "kind", "l4",     "initiator", "responder",
                                                 "app",  "host", "action", "rule",      "flow"};
  return kColumns;
}

Json watch_row(const event::FlowEvent& event) {
  return {{"time", time_text(static_cast<TimeNs>(event.time_ns()))},
          {"kind", kind_text(event.kind())},
          {"l4", l4_name(event.protocol())},
          {"initiator", end_text(event.initiator(), event.initiator_port())},
          {"responder", end_text(event.responder(), event.responder_port())},
          {"app", app_text(event)},
          {"host", event.host()},
          {"action", event.action()},
          {"rule", event.rule()},
          {"flow", event.flow_id()}};
}

}  // namespace weir::ctl
