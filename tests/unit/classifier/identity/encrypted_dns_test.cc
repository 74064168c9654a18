// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/encrypted_dns.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "policy/categories/canonical_name.h"

namespace weir::classifier {
namespace {

FlowFacts flow(std::uint8_t protocol, std::uint16_t port, const std::string& sni = "",
               std::vector<std::string> alpn = {}) {
  FlowFacts facts;
  facts.tuple.protocol = protocol;
  facts.tuple.responder_port = port;
  facts.tls.seen = true;
  facts.tls.sni = sni;
  facts.tls.alpn = std::move(alpn);
  return facts;
}

TEST(EncryptedDns, ByPortHandshakeAndName) {
  const struct {
    const char* what;
    FlowFacts facts;
    EncryptedDns kind;
  } cases[] = {
      {"TLS on its port", flow(kProtocolTcp, 853, "any.example"), EncryptedDns::kDot},
      {"TLS that says so", flow(kProtocolTcp, 443, "any.example", {"dot"}), EncryptedDns::kDot},
      {"QUIC on its port", flow(kProtocolUdp, 853), EncryptedDns::kDoq},
      {"QUIC that says so", flow(kProtocolUdp, 443, "any.example", {"h3", "doq"}), EncryptedDns::kDoq},
      {"QUIC of a draft", flow(kProtocolUdp, 8'853), EncryptedDns::kDoq},
      {"a known resolver", flow(kProtocolTcp, 443, "dns.google", {"h2"}), EncryptedDns::kDoh},
      {"below its name", flow(kProtocolTcp, 443, "abc123.dns.nextdns.io", {"h2"}), EncryptedDns::kDoh},
      {"over QUIC", flow(kProtocolUdp, 443, "cloudflare-dns.com", {"h3"}), EncryptedDns::kDoh},
      {"above its name", flow(kProtocolTcp, 443, "google"), EncryptedDns::kNone},
      {"alike", flow(kProtocolTcp, 443, "xdns.google.example"), EncryptedDns::kNone},
      {"any other", flow(kProtocolTcp, 443, "www.example.org", {"h2"}), EncryptedDns::kNone},
  };
  for (const auto& each : cases) EXPECT_EQ(encrypted_dns_of(each.facts), each.kind) << each.what;
  FlowFacts silent = flow(kProtocolTcp, 853);
  silent.tls.seen = false;
  EXPECT_EQ(encrypted_dns_of(silent), EncryptedDns::kNone) << "a port alone is none";
}

TEST(EncryptedDns, ResolversThatDnsItselfNames) {  // RFC 9462
  FlowFacts facts = flow(kProtocolTcp, 443, "doh.inside.example");
  facts.dns_name = "_dns.resolver.arpa";
  EXPECT_EQ(encrypted_dns_of(facts), EncryptedDns::kDoh);
  facts.dns_name = "dns.example";
  EXPECT_EQ(encrypted_dns_of(facts), EncryptedDns::kNone);
}

TEST(EncryptedDns, TheTableIsSortedAndCanonical) {
  const auto names = resolver_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
  for (const std::string_view name : names) EXPECT_EQ(policy::canonical_name(name), name);
}

}  // namespace
}  // namespace weir::classifier
