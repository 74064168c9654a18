// SPDX-License-Identifier: Apache-2.0
// Events for tests: `flow_event(3)` is a valid final event, number 3 of its source.
#pragma once

#include <string>
#include <vector>

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

/// 40 events of as many flows, some with hits and software.
inline std::vector<std::string> story() {
  std::vector<std::string> payloads;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    event::FlowEvent event = flow_event(i, i % 2 == 0 ? event::KIND_FINAL : event::KIND_OPENED);
    if (i % 4 == 0) add_hit(event, "no-gambling", i % 8 == 0 ? "bet.example" : "dice.example");
    if (i % 5 == 0) add_software(event, i % 10 == 0 ? "bittorrent" : "curl", "7.88");
    payloads.push_back(event.SerializeAsString());
  }
  return payloads;
}

}  // namespace weir::test
