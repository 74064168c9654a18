// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_facts.h"

#include <gtest/gtest.h>

#include <memory>

namespace weir::classifier {
namespace {

TEST(EventFacts, SayOnlyTheProtocolsThatWereSeen) {
  event::FlowEvent event;
  fill_facts(event, FlowFacts{});
  EXPECT_FALSE(event.has_tls());
  EXPECT_FALSE(event.has_mail());
  EXPECT_FALSE(event.has_ssh());
  EXPECT_FALSE(event.has_dhcp());
  EXPECT_FALSE(event.has_dns());
  EXPECT_FALSE(event.has_client());
  EXPECT_FALSE(event.has_http());
  EXPECT_EQ(event.proxies_size(), 0);
}

TEST(EventFacts, SayWhoTheClientIsAndWhatItAskedFor) {
  FlowFacts facts;
  facts.started = 10 * kSecond;
  facts.client_identity =
      std::make_shared<const ClientFacts>(ClientFacts{.host_name = "pc\n7",
                                                      .host_name_source = HostNameSource::kMdns,
                                                      .user = "anna@EXAMPLE.COM",
                                                      .user_source = UserSource::kKerberosRequest,
                                                      .behind_router = true});
  facts.dns = {
      .seen = true, .query = "a.example", .query_type = 65, .response = true, .rcode = 3, .ech = true};
  facts.dns.answers = {{*IpAddress::parse("10.1.2.3"), 60}};
  facts.dns.aliases = {"b.example"};
  facts.dns.alpn = {"h3"};
  facts.dns_name = "c.example";
  facts.dns_name_told = 9 * kSecond;
  facts.encrypted_dns = EncryptedDns::kDoq;
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.client().host_name(), "pc?7");
  EXPECT_EQ(event.client().host_name_source(), "mdns");
  EXPECT_EQ(event.client().user(), "anna@EXAMPLE.COM");
  EXPECT_EQ(event.client().user_source(), "kerberos-request");
  EXPECT_TRUE(event.client().behind_router());
  EXPECT_EQ(event.dns().query(), "a.example");
  EXPECT_EQ(event.dns().rcode(), 3U);
  EXPECT_EQ(event.dns().answers(0), "10.1.2.3");
  EXPECT_EQ(event.dns().aliases(0), "b.example");
  EXPECT_EQ(event.dns().alpn(0), "h3");
  EXPECT_TRUE(event.dns().ech());
  EXPECT_EQ(event.dns_name(), "c.example");
  EXPECT_EQ(event.dns_name_age_ms(), 1'000U);
  EXPECT_EQ(event.encrypted_dns(), "doq");
}

TEST(EventFacts, SayWhatHandshakesShowed) {
  FlowFacts facts;
  facts.tls = {.seen = true, .version = 0x0304, .ja3 = "a", .ja4 = "t13d", .server_version = 0x0303};
  facts.tls.cipher = 0x1301;
  facts.tls.ech = EchKind::kOffered;
  facts.tls.resumed = true;
  facts.tls.certificate = std::make_shared<TlsCertificate>(TlsCertificate{
      .subject = "a\nb", .issuer = "CA", .names = {"a.example"}, .not_before = -1, .not_after = 7});
  facts.ssh = {.seen = true, .client_banner = "OpenSSH_9.2\x1b", .server_banner = "dropbear", .hassh = "b"};
  facts.dhcp = {.seen = true, .fingerprint = "1,3,6", .host_name = "desk-7", .vendor_class = "MSFT 5.0"};
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.tls().ja4(), "t13d");
  EXPECT_EQ(event.tls().version(), 0x0304U);
  EXPECT_EQ(event.tls().server_version(), 0x0303U);
  EXPECT_EQ(event.tls().cipher(), 0x1301U);
  EXPECT_EQ(event.tls().ech(), "offered");
  EXPECT_TRUE(event.tls().resumed());
  EXPECT_FALSE(event.tls().early_data());
  EXPECT_EQ(event.tls().certificate().subject(), "a?b");
  EXPECT_EQ(event.tls().certificate().issuer(), "CA");
  ASSERT_EQ(event.tls().certificate().names_size(), 1);
  EXPECT_EQ(event.tls().certificate().not_before(), -1);
  EXPECT_EQ(event.tls().certificate().not_after(), 7);
  EXPECT_EQ(event.ssh().client_banner(), "OpenSSH_9.2?");
  EXPECT_EQ(event.ssh().server_banner(), "dropbear");
  EXPECT_EQ(event.dhcp().fingerprint(), "1,3,6");
  EXPECT_EQ(event.dhcp().host_name(), "desk-7");
}

TEST(EventFacts, SayWhatHttpAndProxiesShowed) {
  FlowFacts facts;
  facts.http.seen = true;
  facts.http.url_path = "/a";
  facts.http.referer = "http://r.example/\x1b";
  facts.http.version = "2";
  facts.http.requests = 3;
  facts.http.grpc = true;
  facts.proxies = {{.kind = "socks5", .command = "connect", .target = "a.example", .port = 443},
                   {.kind = "proxy-v2", .command = "proxy", .target = "::1", .port = 80, .source = "::2"}};
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.http().url_path(), "/a");
  EXPECT_EQ(event.http().referer(), "http://r.example/?");
  EXPECT_EQ(event.http().version(), "2");
  EXPECT_EQ(event.http().requests(), 3U);
  EXPECT_TRUE(event.http().grpc());
  EXPECT_FALSE(event.http().has_content_length());
  ASSERT_EQ(event.proxies_size(), 2);
  EXPECT_EQ(event.proxies(0).kind(), "socks5");
  EXPECT_EQ(event.proxies(0).target(), "a.example");
  EXPECT_EQ(event.proxies(0).port(), 443U);
  EXPECT_EQ(event.proxies(1).command(), "proxy");
  EXPECT_EQ(event.proxies(1).source(), "::2");

  facts.http.status = 200;
  facts.http.content_type = "a/b";
  facts.http.content_length = 0;
  facts.http.file_name = "x\ty";
  event::FlowEvent replied;
  fill_facts(replied, facts);
  EXPECT_EQ(replied.http().status(), 200U);
  EXPECT_EQ(replied.http().content_type(), "a/b");
  EXPECT_TRUE(replied.http().has_content_length());
  EXPECT_EQ(replied.http().file_name(), "x?y");
}

TEST(EventFacts, SayWhatAMessageCarried) {
  FlowFacts facts;
  facts.mail.seen = true;
  facts.mail.user = "anna";
  facts.mail.visibility = "cleartext";
  facts.mail.message.push_back({.way = MailWay::kFetched, .from = "a@b.example", .subject = "s\x1b"});
  MailMessage& message = facts.mail.message.front();
  message.attachments.push_back({.name = "a.pdf.exe",
                                 .other_name = "a.pdf",
                                 .declared = "application/pdf",
                                 .type = "pe",
                                 .bytes = 7,
                                 .sha256 = "ab",
                                 .encrypted = true});
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.mail().user(), "anna");
  EXPECT_EQ(event.mail().visibility(), "cleartext");
  EXPECT_EQ(event.mail().message().way(), "fetched");
  EXPECT_EQ(event.mail().message().subject(), "s?");
  ASSERT_EQ(event.mail().message().attachments_size(), 1);
  const event::Attachment& attachment = event.mail().message().attachments(0);
  EXPECT_EQ(attachment.name(), "a.pdf.exe");
  EXPECT_EQ(attachment.other_name(), "a.pdf");
  EXPECT_EQ(attachment.declared_type(), "application/pdf");
  EXPECT_EQ(attachment.type(), "pe");
  EXPECT_EQ(attachment.bytes(), 7U);
  EXPECT_EQ(attachment.sha256(), "ab");
  EXPECT_TRUE(attachment.encrypted());
}

TEST(EventFacts, AMessageCannotMakeItsEventTooLarge) {
  FlowFacts facts;
  facts.mail.seen = true;
  const std::string longest(512, 'x');
  facts.mail.recipients.assign(1'000, longest);
  MailMessage message;
  message.to.assign(kMailHeaderAddressesMax, longest);
  message.cc = message.to;
  message.subject.assign(5'000, 's');
  message.attachments.assign(kMailAttachmentsMax,
                             {.name = longest, .other_name = longest, .declared = longest});
  message.attachments_left_out = 3;
  facts.mail.message.push_back(message);
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_LT(event.ByteSizeLong(), 48'000U);
  const auto listed = static_cast<std::size_t>(event.mail().message().attachments_size());
  EXPECT_EQ(listed + event.mail().message().attachments_left_out(), kMailAttachmentsMax + 3);
}

TEST(EventFacts, MailOverTlsIsSaidWithoutASession) {
  FlowFacts facts;
  facts.mail.visibility = "implicit-tls";
  facts.mail.provider = "google";
  event::FlowEvent event;
  fill_facts(event, facts);
  EXPECT_EQ(event.mail().visibility(), "implicit-tls");
  EXPECT_EQ(event.mail().provider(), "google");
  EXPECT_FALSE(event.mail().has_message());
}

}  // namespace
}  // namespace weir::classifier
