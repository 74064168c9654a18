// SPDX-License-Identifier: Apache-2.0
#include "classifier/identity/encrypted_dns.h"

#include <algorithm>
#include <array>

namespace weir::classifier {

namespace {

// Host names that public resolvers publish for DNS over HTTPS, sorted.
constexpr auto kResolvers = std::to_array<std::string_view>({
    "adfree.usableprivacy.net",
    "basic.rethinkdns.com",
    "cloudflare-dns.com",
    "dns-family.adguard.com",
    "dns-unfiltered.adguard.com",
    "dns.adguard-dns.com",
    "dns.adguard.com",
    "dns.alidns.com",
    "dns.cloudflare.com",
    "dns.controld.com",
    "dns.digitale-gesellschaft.ch",
    "dns.google",
    "dns.google.com",
    "dns.mullvad.net",
    "dns.nextdns.io",
    "dns.njal.la",
    "dns.opendns.com",
    "dns.quad9.net",
    "dns.sb",
    "dns.switch.ch",
    "dns.twnic.tw",
    "dns0.eu",
    "dns10.quad9.net",
    "dns11.quad9.net",
    "dns12.quad9.net",
    "dns9.quad9.net",
    "dnsforge.de",
    "doh-de.blahdns.com",
    "doh.applied-privacy.net",
    "doh.cleanbrowsing.org",
    "doh.dns.apple.com",
    "doh.familyshield.opendns.com",
    "doh.ffmuc.net",
    "doh.libredns.gr",
    "doh.opendns.com",
    "doh.pub",
    "doh.tiar.app",
    "doh.umbrella.com",
    "doh.xfinity.com",
    "family.adguard-dns.com",
    "family.canadianshield.cira.ca",
    "freedns.controld.com",
    "one.one.one.one",
    "private.canadianshield.cira.ca",
    "protected.canadianshield.cira.ca",
    "resolver1.dns.watch",
    "unfiltered.adguard-dns.com",
    "wikimedia-dns.org",
});

constexpr std::uint16_t kTlsPort = 853;   // RFC 7858 section 3.1
constexpr std::uint16_t kQuicPort = 853;  // RFC 9250 section 4.1.1; the next two were used by its drafts
constexpr std::uint16_t kQuicDraftPort = 784;
constexpr std::uint16_t kQuicOldPort = 8'853;

bool offers(const FlowFacts& facts, std::string_view protocol) {
  return std::find(facts.tls.alpn.begin(), facts.tls.alpn.end(), protocol) != facts.tls.alpn.end();
}

}  // namespace

std::span<const std::string_view> resolver_names() { return kResolvers; }

bool names_a_resolver(std::string_view name) {
  while (!name.empty()) {
    if (std::binary_search(kResolvers.begin(), kResolvers.end(), name)) return true;
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
  return false;
}

EncryptedDns encrypted_dns_of(const FlowFacts& facts) {
  if (!facts.tls.seen) return EncryptedDns::kNone;
  const std::uint16_t port = facts.tuple.responder_port;
  if (facts.tuple.protocol == kProtocolUdp) {
    const bool quic_port = port == kQuicPort || port == kQuicDraftPort || port == kQuicOldPort;
    if (quic_port || offers(facts, "doq")) return EncryptedDns::kDoq;
  } else if (port == kTlsPort || offers(facts, "dot")) {
    return EncryptedDns::kDot;
  }
  // RFC 9462 section 4: a client that asks for a resolver's encrypted ways asks for "_dns." and its name.
  const bool told = facts.dns_name.starts_with("_dns.");
  return told || names_a_resolver(facts.tls.sni) ? EncryptedDns::kDoh : EncryptedDns::kNone;
}

}  // namespace weir::classifier
