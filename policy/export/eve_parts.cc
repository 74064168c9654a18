// SPDX-License-Identifier: Apache-2.0
#include "policy/export/eve_parts.h"

#include <fmt/format.h>

#include "policy/export/facts.h"
#include "policy/export/text.h"
#include "policy/model/ip_address.h"

namespace weir::output {
namespace {

constexpr std::uint32_t kTcp = 6;
constexpr std::uint32_t kUdp = 17;
constexpr std::uint32_t kSctp = 132;

void write_vlans(JsonWriter& json, const event::FlowEvent& event) {
  if (event.vlan() == 0 && event.inner_vlans_size() == 0) return;
  json.begin_list("vlan");
  json.item(std::uint64_t{event.vlan()});
  for (const std::uint32_t vlan : event.inner_vlans()) json.item(std::uint64_t{vlan});
  json.end();
}

/// Weir knows the link address of the inside end alone. In a record of the flow these are lists.
void write_ether(JsonWriter& json, const event::FlowEvent& event, RecordType type) {
  if (event.client_mac().empty() || event.client_mac() == "00:00:00:00:00:00") return;
  json.begin("ether");
  const bool source = event.initiator_inside();
  if (type == RecordType::kFlow) {
    json.begin_list(source ? "src_macs" : "dest_macs");
    json.item(event.client_mac());
    json.end();
  } else {
    json.text(source ? "src_mac" : "dest_mac", event.client_mac());
  }
  json.end();
}

void write_ja3(JsonWriter& json, const event::FlowEvent& event) {
  if (event.tls().ja3().empty()) return;
  json.begin("ja3");
  json.text("hash", event.tls().ja3());
  json.end();
}

std::string_view sni_of(const event::FlowEvent& event) {
  if (!event.tls().server_name().empty()) return event.tls().server_name();
  const bool read_there = event.host_source() == "tls-sni" || event.host_source() == "quic-sni";
  return read_there ? std::string_view{event.host()} : std::string_view{};
}

std::string in_brackets(const std::string& address) { return fmt::format("<{}>", address); }

template <typename Addresses>
void write_addresses(JsonWriter& json, std::string_view key, const Addresses& addresses) {
  std::vector<std::string> all;
  for (const std::string& one : addresses) all.push_back(in_brackets(one));
  json.texts(key, all);
}

void write_email(JsonWriter& json, const event::MailMessage& message, bool people) {
  json.begin("email");
  json.text("status", message.cut() ? "PARSE_ERROR" : message.done() ? "PARSE_DONE" : "BODY_STARTED");
  if (people) {
    json.text("from", message.from());
    json.texts("to", message.to());
    json.texts("cc", message.cc());
    json.text("subject", message.subject());
    json.text("message_id", message.message_id());
  }
  json.text("date", message.date());
  json.text("x_mailer", message.mailer());
  std::vector<std::string> names;
  for (const auto& one : message.attachments()) {
    if (!one.name().empty()) names.push_back(one.name());
  }
  json.texts("attachment", names);
  json.end();
}

}  // namespace

void write_head(JsonWriter& json, const event::FlowEvent& event, RecordType type, TimeNs time) {
  json.text("timestamp", eve_time(time));
  json.number("flow_id", flow_number(event));
  json.text("in_iface", event.pair());
  json.text("event_type", to_string(type));
  write_vlans(json, event);
  json.text("src_ip", event.initiator());
  const bool ports = event.protocol() == kTcp || event.protocol() == kUdp || event.protocol() == kSctp;
  if (ports) json.number("src_port", event.initiator_port());
  json.text("dest_ip", event.responder());
  if (ports) json.number("dest_port", event.responder_port());
  json.text("proto", protocol_name(event.protocol()));
  write_ether(json, event, type);
  json.text("community_id", event.community_id());
}

bool has_http(const event::FlowEvent& event) { return event.has_http() && !event.http_method().empty(); }
bool has_quic(const event::FlowEvent& event) {
  return event.protocol() == kUdp && app_protocol(event) == "quic";
}
bool has_tls(const event::FlowEvent& event) { return event.has_tls() && event.protocol() == kTcp; }
bool has_smtp(const event::FlowEvent& event) {
  return event.has_mail() && (event.mail().protocol() == "smtp" || event.mail().protocol() == "submission") &&
         event.mail().visibility() != "implicit-tls";
}

void write_http(JsonWriter& json, const event::FlowEvent& event) {
  const event::Http& http = event.http();
  json.begin("http");
  json.text("hostname", http.request_host().empty() ? event.host() : http.request_host());
  json.text("url", event.http_path());
  json.text("http_user_agent", event.user_agent());
  json.text("http_content_type", http.content_type());
  json.text("http_refer", http.referer());
  json.text("http_method", event.http_method());
  json.text("protocol", http.version().empty() ? "" : "HTTP/" + http.version());
  if (http.status() != 0) json.number("status", http.status());
  if (http.has_content_length()) json.number("length", http.content_length());
  json.end();
}

void write_tls(JsonWriter& json, const event::FlowEvent& event) {
  const event::Tls& tls = event.tls();
  json.begin("tls");
  if (tls.has_certificate()) {
    const event::Certificate& own = tls.certificate();
    json.text("subject", own.subject().empty() ? "" : "CN=" + own.subject());
    json.text("issuerdn", own.issuer().empty() ? "" : "CN=" + own.issuer());
    if (own.not_before() != 0) json.text("notbefore", whole_seconds(own.not_before() * kSecond));
    if (own.not_after() != 0) json.text("notafter", whole_seconds(own.not_after() * kSecond));
  }
  if (tls.resumed()) json.flag("session_resumed", true);
  json.text("sni", sni_of(event));
  const std::string_view version = tls_version_name(tls.server_version());
  json.text("version", version.empty() ? "UNDETERMINED" : version);
  write_ja3(json, event);
  json.end();
}

void write_quic(JsonWriter& json, const event::FlowEvent& event) {
  json.begin("quic");
  json.text("sni", sni_of(event));
  json.text("ua", event.user_agent());
  write_ja3(json, event);
  json.end();
}

void write_dns(JsonWriter& json, const event::FlowEvent& event) {
  const event::Dns& dns = event.dns();
  json.begin("dns");
  json.number("version", 2);
  json.text("type", dns.response() ? "answer" : "query");
  json.text("rrname", dns.query());
  json.text("rrtype", dns_type_name(dns.query_type()));
  if (dns.response()) {
    json.text("rcode", dns_code_name(dns.rcode()));
    std::vector<std::string> v4;
    std::vector<std::string> v6;
    for (const std::string& address : dns.answers()) {
      (address.find(':') == std::string::npos ? v4 : v6).push_back(address);
    }
    if (!v4.empty() || !v6.empty() || dns.aliases_size() > 0) {
      json.begin("grouped");
      json.texts("A", v4);
      json.texts("AAAA", v6);
      json.texts("CNAME", dns.aliases());
      json.end();
    }
  }
  json.end();
}

void write_smtp(JsonWriter& json, const event::FlowEvent& event, bool people) {
  const event::Mail& mail = event.mail();
  json.begin("smtp");
  if (people) {
    json.text("helo", mail.helo());
    json.text("mail_from", in_brackets(mail.sender()));
    write_addresses(json, "rcpt_to", mail.recipients());
  }
  json.end();
  if (mail.has_message()) write_email(json, mail.message(), people);
}

void write_application(JsonWriter& json, const event::FlowEvent& event, bool people) {
  if (has_http(event)) return write_http(json, event);
  if (event.has_dns()) return write_dns(json, event);
  if (has_quic(event)) return write_quic(json, event);
  if (has_smtp(event)) return write_smtp(json, event, people);
  if (has_tls(event)) return write_tls(json, event);
}

std::vector<SeenFile> files_of(const event::FlowEvent& event) {
  std::vector<SeenFile> files;
  for (const event::Attachment& one : event.mail().message().attachments()) {
    if (files.size() == static_cast<std::size_t>(kListItemsMax)) break;
    files.push_back({one.name(), one.sha256(), one.type(), one.bytes(), !one.sha256().empty()});
  }
  if (!event.http().file_name().empty())
    files.push_back({event.http().file_name(), {}, {}, event.http().content_length(), false});
  return files;
}

void write_file(JsonWriter& json, const SeenFile& file) {
  json.begin("fileinfo");
  json.text("filename", file.name);
  if (file.whole) json.flag("gaps", false);
  json.text("state", file.whole ? "CLOSED" : "TRUNCATED");
  json.text("sha256", file.sha256);
  json.flag("stored", false);
  json.number("size", file.bytes);
  json.end();
}

}  // namespace weir::output
