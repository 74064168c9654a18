// SPDX-License-Identifier: Apache-2.0
#include "policy/export/sample.h"

namespace weir::output {

event::FlowEvent sample_event(const std::string& appliance, TimeNs now) {
  event::FlowEvent event;
  event.mutable_id()->set_appliance(appliance);
  event.mutable_id()->set_sequence(1);
  event.set_kind(event::KIND_FINAL);
  const auto ends = static_cast<std::uint64_t>(now);
  event.set_time_ns(ends);
  event.set_started_ns(ends - static_cast<std::uint64_t>(kSecond));
  event.set_ended_ns(ends);
  event.set_flow_id("0000000000000000-0-1");
  event.set_pair("weir-export-test");
  event.set_initiator("192.0.2.1");
  event.set_initiator_port(40'000);
  event.set_responder("198.51.100.1");
  event.set_responder_port(443);
  event.set_protocol(6);
  event.set_initiator_inside(true);
  event.mutable_counters()->set_packets_from_initiator(4);
  event.mutable_counters()->set_packets_from_responder(3);
  event.mutable_counters()->set_bytes_from_initiator(776);
  event.mutable_counters()->set_bytes_from_responder(442);
  event.set_end_reason("blocked");
  event.set_tcp_state("closed");
  event.set_master("TLS");
  event.set_confidence("DPI");
  event.set_host("weir-export-test.example");
  event.set_host_source("tls-sni");
  event.set_action("block");
  event.set_rule(kSampleRule);
  event.mutable_tls()->set_version(0x0304);
  event::Hit& hit = *event.add_hits();
  hit.set_rule(kSampleRule);
  hit.set_section("web");
  hit.set_severity("info");
  hit.set_action("block");
  hit.set_object("weir-export-test.example");
  return event;
}

}  // namespace weir::output
