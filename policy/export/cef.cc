// SPDX-License-Identifier: Apache-2.0
#include "policy/export/cef.h"

#include <fmt/format.h>

#include "policy/audit/pseudonym.h"
#include "policy/export/facts.h"
#include "policy/export/text.h"

namespace weir::output {
namespace {

/// CEF counts from 0 to 10; 9 and 10 are its "very high".
int cef_severity(Severity severity) {
  constexpr int kNumbers[] = {1, 3, 5, 8, 10};
  return kNumbers[static_cast<std::size_t>(severity)];
}

class Extension {
 public:
  void text(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    line_ += fmt::format("{}{}={}", line_.empty() ? "" : " ", key, cef_value(value));
  }
  void number(std::string_view key, std::uint64_t value) { text(key, fmt::format("{}", value)); }
  /// A field of the writer's own; `key` is cs1 or cn1 and the like.
  void labelled(std::string_view key, std::string_view label, std::string_view value) {
    if (value.empty()) return;
    text(fmt::format("{}Label", key), label);
    text(key, value);
  }
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  std::string line_;
};

struct EndFields {
  std::string_view ipv4, ipv6, label, user;
};

/// src and dst are of IPv4; CEF keeps IPv6 in fields with a label, and a pseudonym is the id of a user.
void write_end(Extension& out, const EndFields& fields, const std::string& end) {
  if (policy::is_pseudonym(end)) {
    out.text(fields.user, end);
  } else if (end.find(':') == std::string::npos) {
    out.text(fields.ipv4, end);
  } else {
    out.labelled(fields.ipv6, fields.label, end);
  }
}

void write_ends(Extension& out, const event::FlowEvent& event) {
  write_end(out, {"src", "c6a2", "Source IPv6 Address", "suid"}, event.initiator());
  write_end(out, {"dst", "c6a3", "Destination IPv6 Address", "duid"}, event.responder());
  if (event.initiator_port() != 0) out.number("spt", event.initiator_port());
  if (event.responder_port() != 0) out.number("dpt", event.responder_port());
  out.text(event.initiator_inside() ? "smac" : "dmac", event.client_mac());
}

std::string extension(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  Extension out;
  out.number("rt", event.time_ns() / 1'000'000);
  out.text("cat", hit != nullptr ? hit->section() : "flow");
  out.text("act", hit != nullptr ? hit->action() : event.action());
  const bool denied = hit != nullptr ? refused(*hit) : refused(event);
  out.text("outcome", denied ? "failure" : "success");
  write_ends(out, event);
  out.text("proto", protocol_name(event.protocol()));
  out.text("app", app_protocol(event));
  out.text("dhost", event.host());
  out.text("requestMethod", event.http_method());
  out.text("request", event.http_path());
  out.text("requestClientApplication", event.user_agent());
  if (people) {
    out.text("suser", user_of(event));
    out.text("shost", event.client().host_name());
  }
  out.text("deviceInboundInterface", event.pair());
  out.text("deviceExternalId", event.id().appliance());
  out.text("externalId", event.flow_id());
  if (hit == nullptr) {
    out.number("start", event.started_ns() / 1'000'000);
    out.number("end", event.ended_ns() / 1'000'000);
    out.number("in", event.counters().bytes_from_initiator());
    out.number("out", event.counters().bytes_from_responder());
    out.text("reason", event.end_reason());
  } else {
    out.labelled("cs1", "object", object_of(*hit, people));
    out.labelled("cs2", "monitor", hit->would_block() ? "would-block" : "");
  }
  out.labelled("cs3", "application", event.app());
  out.labelled("cs4", "communityId", event.community_id());
  out.labelled("cs5", "group", event.group());
  out.labelled("cs6", "country", event.country());
  out.labelled("cn1", "policyRevision", fmt::format("{}", event.policy_revision()));
  if (event.vlan() != 0) out.labelled("cn2", "vlan", fmt::format("{}", event.vlan()));
  return out.line();
}

std::string line(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  const std::string event_class = hit != nullptr ? "rule:" + hit->rule() : "flow";
  const std::string name = hit != nullptr ? hit->rule() : "flow ended";
  const int severity = hit != nullptr ? cef_severity(severity_of(hit->severity())) : 0;
  return fmt::format("CEF:0|Weir|Weir|{}|{}|{}|{}|{}", WEIR_VERSION, cef_header(event_class),
                     cef_header(name), severity, extension(event, hit, people));
}

}  // namespace

std::string cef_header(std::string_view text) {
  std::string out;
  for (std::string_view left = cut(text); !left.empty();) {
    const char32_t character = take_character(left);
    if (character == '|' || character == '\\') out += '\\';
    append_character(out, is_control(character) ? U' ' : character);
  }
  return out;
}

std::string cef_value(std::string_view text) {
  std::string out;
  for (std::string_view left = cut(text); !left.empty();) {
    const char32_t character = take_character(left);
    if (character == '\n' || character == '\r') {
      out += character == '\n' ? "\\n" : "\\r";
      continue;
    }
    if (character == '=' || character == '\\') out += '\\';
    append_character(out, is_control(character) ? kReplacement : character);
  }
  return out;
}

Line cef_line(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  return {line(event, hit, people), {}};
}

}  // namespace weir::output
