// SPDX-License-Identifier: Apache-2.0
#include "policy/export/syslog.h"

#include <fmt/format.h>

#include "policy/export/facts.h"
#include "policy/export/text.h"

namespace weir::output {
namespace {

constexpr int kFacilityLocal0 = 16;

/// RFC 5424, 6.2.1: 2 critical, 3 error, 4 warning, 5 notice, 6 informational.
int syslog_severity(Severity severity) { return 6 - static_cast<int>(severity); }

class Parameters {
 public:
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) all_ += fmt::format(" {}=\"{}\"", name, param_value(value));
  }
  void number(std::string_view name, std::uint64_t value) { text(name, fmt::format("{}", value)); }
  [[nodiscard]] std::string element() const { return fmt::format("[{}{}]", kStructuredDataId, all_); }

 private:
  std::string all_;
};

std::string structured(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  Parameters out;
  out.text("flow", event.flow_id());
  out.text("src", event.initiator());
  if (event.initiator_port() != 0) out.number("srcPort", event.initiator_port());
  out.text("dst", event.responder());
  if (event.responder_port() != 0) out.number("dstPort", event.responder_port());
  out.text("proto", protocol_name(event.protocol()));
  out.text("app", event.app().empty() ? event.master() : event.app());
  out.text("host", event.host());
  out.text("action", hit != nullptr ? hit->action() : event.action());
  out.text("rule", hit != nullptr ? hit->rule() : event.rule());
  out.number("policyRevision", event.policy_revision());
  out.text("group", event.group());
  out.text("pair", event.pair());
  if (people) {
    out.text("user", user_of(event));
    out.text("clientHost", event.client().host_name());
  }
  if (hit != nullptr) {
    out.text("section", hit->section());
    out.text("severity", hit->severity());
    out.text("object", object_of(*hit, people));
    out.text("wouldBlock", hit->would_block() ? "true" : "false");
  } else {
    out.text("start", rfc3339(time_of(event.started_ns())));
    out.text("end", rfc3339(time_of(event.ended_ns())));
    out.number("bytesToServer", event.counters().bytes_from_initiator());
    out.number("bytesToClient", event.counters().bytes_from_responder());
    out.number("packetsToServer", event.counters().packets_from_initiator());
    out.number("packetsToClient", event.counters().packets_from_responder());
    out.text("reason", event.end_reason());
  }
  out.text("communityId", event.community_id());
  return out.element();
}

std::string end_of(const std::string& address, std::uint32_t port) {
  if (port == 0) return address;
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

/// What a person reads.
std::string words(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  const std::string flow = fmt::format("{} {} to {}", protocol_name(event.protocol()),
                                       end_of(event.initiator(), event.initiator_port()),
                                       end_of(event.responder(), event.responder_port()));
  if (hit == nullptr) return printable(fmt::format("flow ended ({}): {}", event.end_reason(), flow));
  const std::string_view object = object_of(*hit, people);
  return printable(fmt::format("rule {} ({}, {}{}){}{}: {}", hit->rule(), hit->severity(), hit->action(),
                               hit->would_block() ? ", monitor mode" : "", object.empty() ? "" : " met ",
                               object, flow));
}

/// A header field: printable ASCII without blanks (RFC 5424, 6).
std::string header_field(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text.substr(0, bytes_max)) out += c > ' ' && c <= '~' ? c : '_';
  return out.empty() ? "-" : out;
}

}  // namespace

std::string param_value(std::string_view text) {
  std::string out;
  for (std::string_view left = cut(text); !left.empty();) {
    const char32_t character = take_character(left);
    if (character == '"' || character == '\\' || character == ']') out += '\\';
    append_character(out, is_control(character) ? kReplacement : character);
  }
  return out;
}

std::string syslog_message(const Record& record) {
  return fmt::format("<{}>1 {} {} weir - {} {} {}", kFacilityLocal0 * 8 + syslog_severity(record.severity),
                     rfc3339(record.time), header_field(record.appliance, 255), to_string(record.type),
                     record.structured.empty() ? "-" : record.structured, record.body);
}

Line syslog_line(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  return {words(event, hit, people), structured(event, hit, people)};
}

}  // namespace weir::output
