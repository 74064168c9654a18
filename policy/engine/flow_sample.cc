// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/flow_sample.h"

#include <algorithm>

#include "policy/engine/event_codec.h"

namespace weir::policy {
namespace {

/// The end that was asked: by the name it was asked for, where it lies outside and there is one.
std::string_view server_of(const event::FlowEvent& event) {
  return event.initiator_inside() && !event.host().empty() ? std::string_view{event.host()}
                                                           : std::string_view{event.responder()};
}

std::string_view application_of(const event::FlowEvent& event) {
  return event.app().empty() ? std::string_view{event.master()} : std::string_view{event.app()};
}

std::string_view protocol_word(std::uint32_t protocol) {
  return protocol == kProtocolTcp ? "tcp" : protocol == kProtocolUdp ? "udp" : "other";
}

void add_rule(std::vector<std::string_view>& rules, const std::string& rule) {
  if (!rule.empty() && std::find(rules.begin(), rules.end(), rule) == rules.end()) rules.emplace_back(rule);
}

}  // namespace

FlowSample flow_sample_of(const event::FlowEvent& event, const std::vector<std::string>& categories) {
  const event::Counters& counters = event.counters();
  const event::Network& network = event.network();
  FlowSample sample;
  sample.ended = static_cast<TimeNs>(event.ended_ns());
  sample.client = client_of(event);
  sample.application = application_of(event);
  sample.categories.assign(categories.begin(), categories.end());
  add_rule(sample.rules, event.rule());
  for (const event::Hit& hit : event.hits()) add_rule(sample.rules, hit.rule());
  sample.server = server_of(event);
  sample.service = application_of(event);
  if (sample.service.empty()) sample.service = protocol_word(event.protocol());
  sample.link = event.pair();
  const auto [up, down] = event.initiator_inside()
                              ? std::pair{counters.bytes_from_initiator(), counters.bytes_from_responder()}
                              : std::pair{counters.bytes_from_responder(), counters.bytes_from_initiator()};
  sample.usage = {1, up, down};
  sample.bytes = up + down;
  sample.packets = counters.packets_from_initiator() + counters.packets_from_responder();
  sample.retransmitted =
      std::uint64_t{network.retransmitted_from_initiator()} + network.retransmitted_from_responder();
  sample.round_trip_us = network.handshake_responder_us();
  sample.responses = network.responses();
  sample.response_us = network.response_mean_us();
  return sample;
}

}  // namespace weir::policy
