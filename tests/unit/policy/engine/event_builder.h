// SPDX-License-Identifier: Apache-2.0
// Events for tests: `flow_event(3)` is a valid final event, number 3 of its source.
#pragma once

#include <string>

#include "policy/model/flow_event.pb.h"

namespace weir::test {

inline event::FlowEvent flow_event(std::uint64_t sequence, event::Kind kind = event::KIND_FINAL) {
  event::FlowEvent event;
  event.mutable_id()->set_appliance("weir");
  event.mutable_id()->set_boot(0xabcdef);
  event.mutable_id()->set_sequence(sequence);
  event.set_kind(kind);
  event.set_time_ns(1'000'000 * sequence);
  event.set_flow_id("0000000000abcdef-0-" + std::to_string(sequence));
  event.set_initiator("10.0.0.2");
  event.set_initiator_port(40'000);
  event.set_responder("93.184.216.34");
  event.set_responder_port(443);
  event.set_protocol(6);
  event.set_initiator_inside(true);
  event.set_ended_ns(1'000'000 * sequence);
  event.set_master("TLS");
  event.set_host("bet.example");
  event.set_action("block");
  event.set_policy_revision(7);
  return event;
}

inline event::Hit& add_hit(event::FlowEvent& event, const std::string& rule, const std::string& object,
                           const std::string& section = "web") {
  event::Hit* hit = event.add_hits();
  hit->set_rule(rule);
  hit->set_section(section);
  hit->set_severity("high");
  hit->set_action("block");
  hit->set_object(object);
  return *hit;
}

inline void add_software(event::FlowEvent& event, const std::string& product, const std::string& version) {
  event::Software* software = event.add_software();
  software->set_product(product);
  software->set_version(version);
  software->set_evidence("user-agent: " + product + "/" + version);
}

}  // namespace weir::test
