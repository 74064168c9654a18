// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/recorded_facts.h"

#include <algorithm>
#include <array>

#include "policy/engine/event_codec.h"

namespace weir::policy {
namespace {

/// The value of an enumeration that has this word; the first one when none has.
template <typename Enum>
Enum value_of(std::string_view word, Enum last) {
  for (auto i = static_cast<unsigned>(last); i > 0; --i) {
    if (word == to_string(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  return Enum{};
}

/// A name of the flow's own, and not what nDPI or the DNS says of it.
bool is_own_name(NameSource source) {
  return source != NameSource::kNone && source != NameSource::kNdpi && source != NameSource::kDnsEvidence;
}

void read_mail(const event::Mail& in, MailFacts& mail) {
  mail.seen = in.visibility() != "implicit-tls";
  mail.protocol = in.protocol();
  mail.sender = in.sender();
  mail.recipients.assign(in.recipients().begin(), in.recipients().end());
  mail.pending_recipient = in.pending_recipient();
  mail.starttls_offered = in.starttls_offered();
  mail.starttls_used = in.starttls_used();
  if (!in.has_message()) return;
  const event::MailMessage& said = in.message();
  MailMessage& message = mail.message.emplace_back();
  message.from = said.from();
  message.subject = said.subject();
  message.bytes = said.bytes();
  message.headers_done = said.headers_done();
  message.done = said.done();
  for (const event::Attachment& one : said.attachments()) {
    message.attachments.push_back({.name = one.name(),
                                   .other_name = one.other_name(),
                                   .declared = one.declared_type(),
                                   .type = one.type(),
                                   .bytes = one.bytes(),
                                   .encrypted = one.encrypted()});
  }
}

void read_http(const event::FlowEvent& event, HttpFacts& http) {
  const event::Http& said = event.http();
  http.method = event.http_method();
  http.url_path = said.url_path();
  http.status = said.status();
  http.content_type = said.content_type();
  if (said.has_content_length()) http.content_length = said.content_length();
  http.file_name = said.file_name();
}

void read_hello(const event::Tls& said, TlsFacts& tls) {
  tls.version = static_cast<std::uint16_t>(said.version());
  tls.server_version = static_cast<std::uint16_t>(said.server_version());
  tls.ja4 = said.ja4();
}

void read_names(const event::FlowEvent& event, FlowFacts& facts) {
  facts.host = event.host();
  facts.host_source = value_of(event.host_source(), NameSource::kProxyTarget);
  const std::string own = is_own_name(facts.host_source) ? facts.host : std::string{};
  facts.tls.seen = event.has_tls();
  facts.tls.ech_offered = event.tls().ech_offered();
  facts.tls.alpn.assign(event.alpn().begin(), event.alpn().end());
  if (facts.tls.seen) facts.tls.sni = event.tls().server_name().empty() ? own : event.tls().server_name();
  facts.http.seen = event.has_http();
  if (facts.http.seen)
    facts.http.host = event.http().request_host().empty() ? own : event.http().request_host();
  facts.dns.seen = event.has_dns();
  facts.dns.query = event.dns().query();
  facts.dns.engine = event.dns().engine();
  facts.dns_name = event.dns_name();
  facts.dns_name_ech = event.dns_name_ech();
  facts.encrypted_dns = value_of(event.encrypted_dns(), EncryptedDns::kDoq);
}

void read_client(const event::Client& said, FlowFacts& facts) {
  ClientFacts client;
  client.host_name = said.host_name();
  client.host_name_source = value_of(said.host_name_source(), HostNameSource::kKerberos);
  client.user = said.user();
  client.user_source = value_of(said.user_source(), UserSource::kKerberosRequest);
  client.behind_router = said.behind_router();
  facts.client_identity = std::make_shared<const ClientFacts>(std::move(client));
}

void read_tunnel(const event::FlowEvent& event, FlowFacts& facts) {
  if (!event.has_tunnel()) return;
  facts.tunnel = tunnel_of_type(event.tunnel().type(), facts.tuple.initiator.is_v4());
  facts.tunnel.low_end = IpAddress::parse(event.tunnel().low_end()).value_or(IpAddress{});
  facts.tunnel.high_end = IpAddress::parse(event.tunnel().high_end()).value_or(IpAddress{});
  facts.tunnel.id = event.tunnel().id();
}

}  // namespace

FlowFacts recorded_facts(const event::FlowEvent& event) {
  FlowFacts facts;
  facts.tuple = tuple_of(event);
  read_tunnel(event, facts);
  facts.vlan = static_cast<std::uint16_t>(event.vlan());
  const int tags = std::min(event.inner_vlans_size(), static_cast<int>(facts.inner_vlans.size()));
  for (int i = 0; i < tags; ++i)
    facts.inner_vlans[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(event.inner_vlans(i));
  facts.client_mac = MacAddress::parse(event.client_mac()).value_or(MacAddress{});
  facts.initiator_inside = event.initiator_inside();
  facts.started = static_cast<TimeNs>(event.started_ns());
  read_names(event, facts);
  if (event.has_client()) read_client(event.client(), facts);
  if (event.has_mail()) read_mail(event.mail(), facts.mail);
  if (event.has_http()) read_http(event, facts.http);
  if (event.has_tls()) read_hello(event.tls(), facts.tls);
  facts.master = event.master();
  facts.app = event.app();
  facts.confidence = value_of(event.confidence(), AppConfidence::kDpi);
  facts.app_final = facts.names_final = true;  // more is not recorded
  facts.country = event.country();
  facts.asn = event.asn();
  for (const event::Software& one : event.software()) {
    facts.software.push_back({one.product(), one.version(), one.evidence(),
                              value_of(one.confidence(), SoftwareConfidence::kHigh)});
  }
  return facts;
}

QuotaTable recorded_quotas(const event::FlowEvent& event) {
  QuotaTable table;
  for (const event::QuotaFact& fact : event.quota_facts()) {
    const event::QuotaUse& used = fact.used();
    static_cast<void>(table.learn({used.rule(),
                                   used.subject(),
                                   static_cast<TimeNs>(fact.period_ends_ns()),
                                   {used.bytes(), used.seconds(), used.flows(), used.messages()}},
                                  static_cast<TimeNs>(event.time_ns())));
  }
  return table;
}

std::vector<ClickThrough> recorded_clicks(const event::FlowEvent& event) {
  std::vector<ClickThrough> clicks;
  for (const event::ClickThrough& one : event.clicked_through())
    clicks.push_back({one.rule(), static_cast<TimeNs>(one.until_ns())});
  return clicks;
}

}  // namespace weir::policy
