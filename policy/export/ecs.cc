// SPDX-License-Identifier: Apache-2.0
#include "policy/export/ecs.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/audit/pseudonym.h"
#include "policy/export/facts.h"
#include "policy/export/json_writer.h"
#include "policy/export/text.h"
#include "policy/export/weir_object.h"

namespace weir::output {
namespace {

/// Elastic writes them with hyphens and in upper case (RFC 7042).
std::string mac_of(std::string mac) {
  std::ranges::transform(mac, mac.begin(), [](char c) {
    if (c == ':') return '-';
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  });
  return mac;
}

void write_event(JsonWriter& json, const event::FlowEvent& event, const event::Hit* hit) {
  const bool denied = hit != nullptr ? refused(*hit) : refused(event);
  json.begin("event");
  json.text("kind", hit != nullptr ? "alert" : "event");
  json.begin_list("category");
  json.item("network");
  json.end();
  json.begin_list("type");
  if (hit == nullptr) json.item("end");
  json.item("connection");
  json.item(denied ? "denied" : "allowed");
  json.end();
  json.text("action", hit != nullptr ? hit->action() : "flow-ended");
  json.text("outcome", denied ? "failure" : "success");
  json.text("module", "weir");
  json.text("dataset", hit != nullptr ? "weir.alert" : "weir.flow");
  json.text("provider", event.id().appliance());
  json.text("id",
            fmt::format("{:016x}-{}-{}", event.id().boot(), event.id().worker(), event.id().sequence()));
  if (hit != nullptr) {
    json.number("severity", static_cast<int>(severity_of(hit->severity())) + 1);
  } else {
    json.text("start", rfc3339(time_of(event.started_ns())));
    json.text("end", rfc3339(time_of(event.ended_ns())));
    json.number("duration", std::max<TimeNs>(time_of(event.ended_ns()) - time_of(event.started_ns()), 0));
    json.text("reason", event.end_reason());
  }
  json.end();
}

struct End {
  std::string_view key;
  const std::string& address;
  std::uint32_t port;
  std::uint64_t bytes;
  std::uint64_t packets;
  bool inside;
};

void write_end(JsonWriter& json, const event::FlowEvent& event, const End& end) {
  json.begin(end.key);
  json.text("address", end.address);
  if (!policy::is_pseudonym(end.address)) json.text("ip", end.address);
  if (end.port != 0) json.number("port", end.port);
  if (event.has_counters()) {
    json.number("bytes", end.bytes);
    json.number("packets", end.packets);
  }
  if (end.inside) {
    json.text("mac", mac_of(event.client_mac()));
  } else {
    json.text("domain", event.host());
    if (event.asn() != 0) {
      json.begin("as");
      json.number("number", event.asn());
      json.begin("organization");
      json.text("name", event.as_org());
      json.end();
      json.end();
    }
    if (!event.country().empty()) {
      json.begin("geo");
      json.text("country_iso_code", event.country());
      json.end();
    }
  }
  json.end();
}

void write_network(JsonWriter& json, const event::FlowEvent& event) {
  const event::Counters& counters = event.counters();
  json.begin("network");
  const std::string& outside = event.initiator_inside() ? event.responder() : event.initiator();
  json.text("type", outside.find(':') == std::string::npos ? "ipv4" : "ipv6");
  json.text("iana_number", fmt::format("{}", event.protocol()));
  json.text("transport", lower(protocol_name(event.protocol())));
  const std::string protocol = app_protocol(event);
  json.text("protocol", protocol == "failed" ? "" : protocol);
  json.text("application", lower(event.app()));
  json.text("community_id", event.community_id());
  json.text("direction", event.initiator_inside() ? "outbound" : "inbound");
  if (event.has_counters()) {
    json.number("bytes", counters.bytes_from_initiator() + counters.bytes_from_responder());
    json.number("packets", counters.packets_from_initiator() + counters.packets_from_responder());
  }
  if (event.vlan() != 0) {
    json.begin("vlan");
    json.text("id", fmt::format("{}", event.vlan()));
    json.end();
  }
  json.end();
}

void write_web(JsonWriter& json, const event::FlowEvent& event) {
  if (event.has_http()) {
    json.begin("http");
    json.text("version", event.http().version());
    json.begin("request");
    json.text("method", event.http_method());
    json.text("referrer", event.http().referer());
    json.end();
    if (event.http().status() != 0) {
      json.begin("response");
      json.number("status_code", event.http().status());
      json.text("mime_type", event.http().content_type());
      json.end();
    }
    json.end();
    json.begin("url");
    json.text("domain", event.host());
    json.text("path", event.http().url_path());
    json.text("original", event.http_path());
    json.end();
  }
  if (!event.user_agent().empty()) {
    json.begin("user_agent");
    json.text("original", event.user_agent());
    json.end();
  }
}

void write_tls(JsonWriter& json, const event::FlowEvent& event) {
  if (!event.has_tls()) return;
  const event::Tls& tls = event.tls();
  json.begin("tls");
  const std::uint32_t version = tls.server_version();
  if (version >= 0x0301 && version <= 0x0304) {
    json.text("version", fmt::format("1.{}", version - 0x0301));
    json.text("version_protocol", "tls");
  }
  if (tls.resumed()) json.flag("resumed", true);
  json.begin("client");
  json.text("server_name", tls.server_name().empty() ? event.host() : tls.server_name());
  json.text("ja3", tls.ja3());
  json.end();
  if (tls.has_certificate()) {
    json.begin("server");
    json.text("subject", tls.certificate().subject());
    json.text("issuer", tls.certificate().issuer());
    if (tls.certificate().not_before() != 0)
      json.text("not_before", rfc3339(tls.certificate().not_before() * kSecond));
    if (tls.certificate().not_after() != 0)
      json.text("not_after", rfc3339(tls.certificate().not_after() * kSecond));
    json.end();
  }
  json.end();
}

void write_dns(JsonWriter& json, const event::FlowEvent& event) {
  if (!event.has_dns()) return;
  const event::Dns& dns = event.dns();
  json.begin("dns");
  json.text("type", dns.response() ? "answer" : "query");
  json.begin("question");
  json.text("name", dns.query());
  json.text("type", dns_type_name(dns.query_type()));
  json.end();
  if (dns.response()) json.text("response_code", dns_code_name(dns.rcode()));
  json.texts("resolved_ip", dns.answers());
  json.end();
}

void write_email(JsonWriter& json, const event::FlowEvent& event, bool people) {
  if (!event.mail().has_message() || !people) return;
  const event::MailMessage& message = event.mail().message();
  const auto addresses = [&](std::string_view key, const auto& list) {
    if (list.empty()) return;
    json.begin(key);
    json.texts("address", list);
    json.end();
  };
  json.begin("email");
  addresses("from", std::vector<std::string>{message.from()});
  addresses("to", message.to());
  addresses("cc", message.cc());
  json.text("subject", message.subject());
  json.text("message_id", message.message_id());
  json.text("x_mailer", message.mailer());
  json.end();
}

void write_rule(JsonWriter& json, const event::FlowEvent& event, const event::Hit* hit) {
  const std::string& rule = hit != nullptr ? hit->rule() : event.rule();
  if (rule.empty()) return;
  json.begin("rule");
  json.text("id", fmt::format("{}", signature_number(rule)));
  json.text("name", rule);
  if (hit != nullptr) json.text("category", hit->section());
  json.text("ruleset", "weir");
  json.text("version", fmt::format("{}", event.policy_revision()));
  json.end();
}

void write_observer(JsonWriter& json, const event::FlowEvent& event) {
  json.begin("observer");
  json.text("vendor", "Weir");
  json.text("product", "Weir");
  json.text("type", "firewall");
  json.text("version", WEIR_VERSION);
  json.text("name", event.id().appliance());
  json.begin("ingress");
  json.begin("interface");
  json.text("name", event.pair());
  json.end();
  json.end();
  json.end();
}

std::string document(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  const event::Counters& counters = event.counters();
  JsonWriter json;
  json.text("@timestamp", rfc3339(time_of(event.time_ns())));
  json.begin("ecs");
  json.text("version", "8.11.0");
  json.end();
  write_event(json, event, hit);
  write_observer(json, event);
  write_end(json, event,
            {"source", event.initiator(), event.initiator_port(), counters.bytes_from_initiator(),
             counters.packets_from_initiator(), event.initiator_inside()});
  write_end(json, event,
            {"destination", event.responder(), event.responder_port(), counters.bytes_from_responder(),
             counters.packets_from_responder(), !event.initiator_inside()});
  write_network(json, event);
  write_rule(json, event, hit);
  write_web(json, event);
  write_tls(json, event);
  write_dns(json, event);
  write_email(json, event, people);
  if (people && !user_of(event).empty()) {
    json.begin("user");
    json.text("name", user_of(event));
    json.end();
  }
  write_weir(json, event, hit, people);
  return json.take();
}

}  // namespace

Line ecs_line(const event::FlowEvent& event, const event::Hit* hit, bool people) {
  return {document(event, hit, people), {}};
}

}  // namespace weir::output
