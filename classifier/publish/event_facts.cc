// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_facts.h"

#include <algorithm>

#include "classifier/publish/clean_text.h"
#include "classifier/publish/event_builder.h"

namespace weir::classifier {
namespace {

/// Of addresses and file names, of which an event has many: a sender must not make its own event too large.
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kMessageListMax = 16;

std::string clean_name(std::string_view name) { return clean_text(name.substr(0, kNameBytesMax)); }

const char* way_word(MailWay way) {
  switch (way) {
    case MailWay::kSent:
      return "sent";
    case MailWay::kFetched:
      return "fetched";
    case MailWay::kStored:
      return "stored";
  }
  return "";
}

void fill_message(event::MailMessage& out, const MailMessage& message) {
  out.set_way(way_word(message.way));
  out.set_from(clean_name(message.from));
  for (std::size_t i = 0; i < std::min(message.to.size(), kMessageListMax); ++i)
    out.add_to(clean_name(message.to[i]));
  for (std::size_t i = 0; i < std::min(message.cc.size(), kMessageListMax); ++i)
    out.add_cc(clean_name(message.cc[i]));
  out.set_subject(clean_text(message.subject));
  out.set_message_id(clean_text(message.message_id));
  out.set_date(clean_text(message.date));
  out.set_mailer(clean_text(message.mailer));
  out.set_bytes(message.bytes);
  out.set_encrypted(message.encrypted);
  out.set_headers_done(message.headers_done);
  out.set_done(message.done);
  out.set_cut(message.cut);
  const std::size_t shown = std::min(message.attachments.size(), kMessageListMax);
  out.set_attachments_left_out(message.attachments_left_out +
                               static_cast<std::uint32_t>(message.attachments.size() - shown));
  for (std::size_t i = 0; i < shown; ++i) {
    const Attachment& attachment = message.attachments[i];
    auto* item = out.add_attachments();
    item->set_name(clean_name(attachment.name));
    item->set_other_name(clean_name(attachment.other_name));
    item->set_declared_type(clean_text(attachment.declared));
    item->set_type(std::string(attachment.type));
    item->set_bytes(attachment.bytes);
    item->set_sha256(attachment.sha256);
    item->set_encrypted(attachment.encrypted);
  }
}

void fill_mail(event::FlowEvent& event, const MailFacts& mail) {
  if (!mail.seen && mail.visibility.empty()) return;
  auto* out = event.mutable_mail();
  out->set_protocol(mail.protocol);
  out->set_helo(clean_text(mail.helo));
  out->set_sender(clean_text(mail.sender));
  const std::size_t recipients = std::min(mail.recipients.size(), kEventListMax);
  for (std::size_t i = 0; i < recipients; ++i) out->add_recipients(clean_name(mail.recipients[i]));
  out->set_starttls_offered(mail.starttls_offered);
  out->set_starttls_used(mail.starttls_used);
  out->set_messages(mail.messages);
  out->set_mailer(clean_text(mail.mailer));
  out->set_server_banner(clean_text(mail.server_banner));
  out->set_user(clean_text(mail.user));
  out->set_visibility(std::string(mail.visibility));
  out->set_provider(std::string(mail.provider));
  out->set_smuggling(mail.smuggling);
  out->set_pending_recipient(clean_name(mail.pending_recipient));
  if (!mail.message.empty()) fill_message(*out->mutable_message(), mail.message.front());
}

void fill_certificate(event::Certificate& out, const TlsCertificate& certificate) {
  out.set_subject(clean_text(certificate.subject));
  out.set_issuer(clean_text(certificate.issuer));
  const std::size_t names = std::min(certificate.names.size(), kEventListMax);
  for (std::size_t i = 0; i < names; ++i) out.add_names(clean_text(certificate.names[i]));
  out.set_not_before(certificate.not_before);
  out.set_not_after(certificate.not_after);
}

void fill_tls(event::FlowEvent& event, const TlsFacts& tls, const std::string& host) {
  if (!tls.seen) return;
  auto* out = event.mutable_tls();
  if (tls.sni != host) out->set_server_name(clean_text(tls.sni));
  out->set_ja3(tls.ja3);
  out->set_ja4(tls.ja4);
  out->set_version(tls.version);
  out->set_server_version(tls.server_version);
  out->set_ech_offered(tls.ech_offered);
  out->set_cipher(tls.cipher);
  out->set_ech(to_string(tls.ech));
  out->set_ech_config_id(tls.ech_config_id);
  out->set_ech_kdf(tls.ech_kdf);
  out->set_ech_aead(tls.ech_aead);
  out->set_ech_payload_bytes(tls.ech_payload_bytes);
  out->set_resumption_offered(tls.resumption_offered);
  out->set_resumed(tls.resumed);
  out->set_early_data(tls.early_data);
  out->set_retried(tls.retried);
  out->set_server_alert(tls.server_alert);
  if (tls.certificate != nullptr) fill_certificate(*out->mutable_certificate(), *tls.certificate);
}

void fill_http(event::FlowEvent& event, const HttpFacts& http, const std::string& host) {
  if (!http.seen) return;
  auto* out = event.mutable_http();
  if (http.host != host) out->set_request_host(clean_text(http.host));
  out->set_version(std::string(http.version));
  out->set_url_path(clean_text(http.url_path));
  out->set_referer(clean_text(http.referer));
  out->set_requests(http.requests);
  out->set_grpc(http.grpc);
  out->set_status(http.status);
  out->set_content_type(clean_text(http.content_type));
  if (http.content_length) out->set_content_length(*http.content_length);
  out->set_file_name(clean_text(http.file_name));
}

void fill_proxies(event::FlowEvent& event, const std::vector<ProxyHop>& proxies) {
  for (const ProxyHop& hop : proxies) {
    auto* out = event.add_proxies();
    out->set_kind(std::string(hop.kind));
    out->set_command(std::string(hop.command));
    out->set_target(clean_text(hop.target));
    out->set_port(hop.port);
    out->set_source(clean_text(hop.source));
  }
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
  out->set_engine(dns.engine);
  out->set_safe_name(dns.safe_name);
}

void fill_names(event::FlowEvent& event, const FlowFacts& facts) {
  event.set_encrypted_dns(to_string(facts.encrypted_dns));
  if (facts.dns_name.empty()) return;
  event.set_dns_name(clean_text(facts.dns_name));
  event.set_dns_name_ech(facts.dns_name_ech);
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
  fill_http(event, facts.http, facts.host);
  fill_proxies(event, facts.proxies);
  fill_tls(event, facts.tls, facts.host);
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
