// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/explain_words.h"

#include <fmt/format.h>

#include "policy/ctl/flow_row.h"
#include "policy/engine/event_codec.h"

namespace weir::ctl {
namespace {

std::string end_words(const std::string& address, unsigned port) {
  return port == 0 ? address : fmt::format("{} port {}", address, port);
}

std::string flow_words(const event::FlowEvent& event) {
  std::string text = fmt::format("Flow {}: {} from {} to {}", event.flow_id(), l4_name(event.protocol()),
                                 end_words(event.initiator(), event.initiator_port()),
                                 end_words(event.responder(), event.responder_port()));
  if (event.vlan() != 0) text += fmt::format(", VLAN {}", event.vlan());
  for (const std::uint32_t vlan : event.inner_vlans()) text += fmt::format(".{}", vlan);
  if (event.has_tunnel()) {
    const event::Tunnel& tunnel = event.tunnel();
    text +=
        fmt::format(", in a {} tunnel between {} and {}", tunnel.type(), tunnel.low_end(), tunnel.high_end());
    if (tunnel.id() != 0) text += fmt::format(" (id {})", tunnel.id());
  }
  text += fmt::format("; began {}", time_text(static_cast<TimeNs>(event.started_ns())));
  if (event.kind() == event::KIND_FINAL) {
    text +=
        fmt::format(", ended {} ({})", time_text(static_cast<TimeNs>(event.ended_ns())), event.end_reason());
    if (const event::Network& network = event.network(); network.icmp_errors() > 0)
      text += fmt::format(", {} ICMP errors ({}{}{})", network.icmp_errors(), network.icmp_error(),
                          network.icmp_error_from().empty() ? "" : " from ", network.icmp_error_from());
  } else {
    text += fmt::format(", last heard of {}", time_text(static_cast<TimeNs>(event.time_ns())));
  }
  return text + ".\n";
}

std::string who_words(const event::FlowEvent& event) {
  std::string text = "Who: client " + policy::client_of(event);
  if (!event.client_mac().empty()) text += fmt::format(" ({})", event.client_mac());
  if (const std::string& name = event.client().host_name(); !name.empty())
    text += fmt::format(", which calls itself {} ({})", name, event.client().host_name_source());
  text += event.group().empty() ? ", in no group of the policy" : fmt::format(", group {}", event.group());
  if (!event.initiator_inside()) text += "; the outside end began the flow";
  return text + ".\n";
}

std::string name_words(const event::FlowEvent& event) {
  if (event.host().empty()) return ", with no name";
  return fmt::format(", named {} by its {}", event.host(), event.host_source());
}

std::string what_words(const event::FlowEvent& event) {
  std::string text = "What: ";
  text += event.master().empty() || event.master() == "Unknown" ? "a protocol that was not recognised"
                                                                : event.master();
  if (!event.app().empty()) text += fmt::format(", application {}", event.app());
  if (!event.confidence().empty() && event.confidence() != "Unknown") {
    text += fmt::format(" (recognised by {})", event.confidence());
  }
  text += name_words(event);
  if (!event.http_method().empty()) text += fmt::format("; {} {}", event.http_method(), event.http_path());
  if (!event.country().empty()) text += "; country " + event.country();
  if (event.asn() != 0) text += fmt::format(", AS{} {}", event.asn(), event.as_org());
  text += ".\n";
  for (const event::Software& one : event.software()) {
    text += fmt::format("Software: {}{}{} ({}).\n", one.product(), one.version().empty() ? "" : " ",
                        one.version(), one.evidence());
  }
  if (!event.mail().protocol().empty()) {
    text += fmt::format("Mail: {} from <{}> to", event.mail().protocol(), event.mail().sender());
    for (const std::string& recipient : event.mail().recipients()) text += fmt::format(" <{}>", recipient);
    text += event.mail().starttls_used() ? ", over STARTTLS.\n" : ", without TLS.\n";
  }
  return text;
}

std::string decision_words(const event::FlowEvent& event) {
  const std::string of = fmt::format("of policy revision {}", event.policy_revision());
  if (!event.policy_exception().empty()) {
    const std::string by = event.rule().empty() ? "" : fmt::format(", by rule {}", event.rule());
    return fmt::format("Decision: {}{}, under exception {} {}.\n", event.action(), by,
                       event.policy_exception(), of);
  }
  if (event.rule().empty() && event.clicked_through_size() > 0) {
    const event::ClickThrough& click = event.clicked_through(0);
    return fmt::format("Decision: {}; the client clicked through rule {} {}, until {}.\n", event.action(),
                       click.rule(), of, time_text(static_cast<TimeNs>(click.until_ns())));
  }
  if (event.rule().empty())
    return fmt::format("Decision: {}; no rule {} spoke against it.\n", event.action(), of);
  return fmt::format("Decision: {}, by rule {} {}.\n", event.action(), event.rule(), of);
}

std::string why_words(const event::FlowEvent& event) {
  std::string text;
  int number = 0;
  for (const event::Step& step : event.path()) {
    if (text.empty()) text = "Why, step by step:\n";
    text += fmt::format("  {}. {}: ", ++number, step.section());
    if (step.rule().empty()) {
      text += step.why().empty() ? "no rule matched" : step.why();
    } else {
      text += fmt::format("rule {} {}", step.rule(), step.matched() ? "matched" : "did not match");
      if (!step.why().empty()) text += ": " + step.why();
    }
    text += ".\n";
  }
  for (const event::Hit& hit : event.hits()) {
    const std::string does = hit.action() == "continue" ? "asks about" : hit.action() + "s";
    text += fmt::format("Recorded: rule {} ({}, {}) {} {}.\n", hit.rule(), hit.section(), hit.severity(),
                        hit.would_block() ? fmt::format("would {} (monitor mode)", hit.action()) : does,
                        hit.object());
  }
  for (const std::string& exception : event.exceptions()) {
    text += fmt::format(
        "Exception: {} was applied to this flow; what then happens is set in the exception table.\n",
        exception);
  }
  return text;
}

std::string traffic_words(const event::FlowEvent& event) {
  if (!event.has_counters()) return {};
  const event::Counters& counters = event.counters();
  return fmt::format("Traffic: {} packets, {} bytes from the initiator; {} packets, {} bytes back.\n",
                     counters.packets_from_initiator(), counters.bytes_from_initiator(),
                     counters.packets_from_responder(), counters.bytes_from_responder());
}

}  // namespace

std::string explain_in_words(const event::FlowEvent& event) {
  return printable(flow_words(event) + who_words(event) + what_words(event) + decision_words(event) +
                   why_words(event) + traffic_words(event));
}

}  // namespace weir::ctl
