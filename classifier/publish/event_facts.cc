// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_facts.h"

#include <algorithm>

#include "classifier/publish/clean_text.h"
#include "classifier/publish/event_builder.h"

namespace weir::classifier {
namespace {

void fill_mail(event::FlowEvent& event, const MailFacts& mail) {
  if (!mail.seen) return;
  auto* out = event.mutable_mail();
  out->set_protocol(mail.protocol);
  out->set_helo(clean_text(mail.helo));
  out->set_sender(clean_text(mail.sender));
  const std::size_t recipients = std::min(mail.recipients.size(), kEventListMax);
  for (std::size_t i = 0; i < recipients; ++i) out->add_recipients(clean_text(mail.recipients[i]));
  out->set_starttls_offered(mail.starttls_offered);
  out->set_starttls_used(mail.starttls_used);
  out->set_messages(mail.messages);
  out->set_mailer(clean_text(mail.mailer));
  out->set_server_banner(clean_text(mail.server_banner));
}

void fill_tls(event::FlowEvent& event, const TlsFacts& tls) {
  if (!tls.seen) return;
  auto* out = event.mutable_tls();
  out->set_ja3(tls.ja3);
  out->set_ja4(tls.ja4);
  out->set_version(tls.version);
  out->set_server_version(tls.server_version);
  out->set_ech_offered(tls.ech_offered);
}

void fill_ssh(event::FlowEvent& event, const SshFacts& ssh) {
  if (!ssh.seen) return;
  auto* out = event.mutable_ssh();
  out->set_client_banner(clean_text(ssh.client_banner));
  out->set_server_banner(clean_text(ssh.server_banner));
  out->set_hassh(ssh.hassh);
  out->set_hassh_server(ssh.hassh_server);
}

void fill_dhcp(event::FlowEvent& event, const DhcpFacts& dhcp) {
  if (!dhcp.seen) return;
  auto* out = event.mutable_dhcp();
  out->set_fingerprint(clean_text(dhcp.fingerprint));
  out->set_host_name(clean_text(dhcp.host_name));
  out->set_vendor_class(clean_text(dhcp.vendor_class));
}

void fill_client(event::FlowEvent& event, const ClientFacts* client) {
  if (client == nullptr) return;
  auto* out = event.mutable_client();
  out->set_host_name(clean_text(client->host_name));
  out->set_host_name_source(to_string(client->host_name_source));
  out->set_user(clean_text(client->user));
  out->set_user_source(to_string(client->user_source));
  out->set_behind_router(client->behind_router);
}

void fill_dns(event::FlowEvent& event, const DnsFacts& dns) {
  if (!dns.seen) return;
  auto* out = event.mutable_dns();
  out->set_query(clean_text(dns.query));
  out->set_query_type(dns.query_type);
  out->set_response(dns.response);
  out->set_rcode(dns.rcode);
  for (const DnsAnswer& answer : dns.answers) out->add_answers(answer.address.to_string());
  for (const std::string& alias : dns.aliases) out->add_aliases(clean_text(alias));
  for (const std::string& protocol : dns.alpn) out->add_alpn(clean_text(protocol));
  out->set_ech(dns.ech);
}

void fill_names(event::FlowEvent& event, const FlowFacts& facts) {
  event.set_encrypted_dns(to_string(facts.encrypted_dns));
  if (facts.dns_name.empty()) return;
  event.set_dns_name(clean_text(facts.dns_name));
  const TimeNs age = std::max<TimeNs>(facts.started - facts.dns_name_told, 0) / kMillisecond;
  event.set_dns_name_age_ms(static_cast<std::uint32_t>(std::min<TimeNs>(age, 0xffff'ffff)));
}

}  // namespace

void fill_facts(event::FlowEvent& event, const FlowFacts& facts) {
  event.set_master(facts.master.empty() ? "Unknown" : facts.master);
  event.set_app(facts.app);
  event.set_confidence(to_string(facts.confidence));
  event.set_host(clean_text(facts.host));
  event.set_host_source(to_string(facts.host_source));
  event.set_country(facts.country);
  event.set_asn(facts.asn);
  event.set_as_org(clean_text(facts.as_org));
  const std::size_t alpn = std::min(facts.tls.alpn.size(), kEventListMax);
  for (std::size_t i = 0; i < alpn; ++i) event.add_alpn(clean_text(facts.tls.alpn[i]));
  event.set_user_agent(clean_text(facts.http.user_agent));
  event.set_http_method(clean_text(facts.http.method));
  event.set_http_path(clean_text(facts.http.path));
  fill_tls(event, facts.tls);
  fill_mail(event, facts.mail);
  fill_ssh(event, facts.ssh);
  fill_dhcp(event, facts.dhcp);
  fill_dns(event, facts.dns);
  fill_client(event, facts.client_identity.get());
  fill_names(event, facts);
  const std::size_t software = std::min(facts.software.size(), kEventListMax);
  for (std::size_t i = 0; i < software; ++i) {
    auto* out = event.add_software();
    out->set_product(facts.software[i].product);
    out->set_version(clean_text(facts.software[i].version));
    out->set_evidence(clean_text(facts.software[i].evidence));
    out->set_confidence(to_string(facts.software[i].confidence));
  }
}

}  // namespace weir::classifier
