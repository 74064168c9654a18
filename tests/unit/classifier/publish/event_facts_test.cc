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

}  // namespace
}  // namespace weir::classifier
