// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/event_dictionary.h"

#include <google/protobuf/text_format.h>

#include <cstdlib>

#include "policy/model/flow_event.pb.h"

namespace weir::policy {
namespace {

/// What is likely stands last: the nearer, the cheaper to point at.
constexpr const char* kEvents[] = {
    // Words that an event can have.
    R"e(end_reason: "evicted" tcp_state: "syn-sent" master: "Radius" app: "Microsoft" confidence:
        "DPI (cache)" host_source: "mail" as_org: "MICROSOFT-CORP-MSN-AS-BLOCK" action: "report"
        encrypted_dns: "doq" exceptions: "reassembly-full" inspected: "names-only" client {
        user_source: "radius" } hits { section: "software" severity: "high" action: "block"
        would_block: true } software { product: "firefox" version: "115.0" evidence:
        "user-agent: Firefox/115.0" confidence: "high" } mail { protocol: "smtp" starttls_offered: true
        starttls_used: true visibility: "opportunistic-tls" message { way: "sent" done: true
        headers_done: true } })e",
    R"e(end_reason: "blocked" tcp_state: "syn-received" master: "SNMP" app: "Apple" confidence:
        "DPI (partial)" host_source: "proxy-target" as_org: "AMAZON-02" action: "limit" encrypted_dns:
        "dot" exceptions: "classifier-slow" inspected: "l4" client { user_source: "kerberos" } hits {
        section: "email" severity: "medium" action: "refuse" } software { product: "windows-update"
        evidence: "host: windowsupdate.com" confidence: "medium" } mail { protocol: "submission"
        visibility: "cleartext" message { way: "fetched" } })e",
    R"e(end_reason: "reset" tcp_state: "closing" master: "SSDP" app: "AmazonAWS" confidence:
        "Match by IP" host_source: "dns-evidence" as_org: "CLOUDFLARENET" action: "refuse"
        encrypted_dns: "doh" exceptions: "undecidable" inspected: "bypass" client { host_name:
        "android-" host_name_source: "mdns" } hits { section: "web" severity: "low" action: "continue"
        } software { product: "chrome" evidence: "user-agent: Chrome/120.0.0.0" confidence: "low" }
        mail { protocol: "imap" visibility: "implicit-tls" provider: "google" })e",
    R"e(end_reason: "shutdown" tcp_state: "fin-wait" master: "LLMNR" app: "Facebook" confidence:
        "Match by port" host_source: "ndpi" as_org: "FACEBOOK" action: "block" exceptions: "midstream"
        client { host_name: "DESKTOP-" host_name_source: "netbios" } hits { section: "network"
        severity: "info" action: "report" } user_agent:
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"
        path { why: "the name is not known yet" } path { why: " is in no category of the rule" } path {
        why: "the client is of group staff; the name is not known" })e",
    R"e(tcp_state: "midstream" master: "MDNS" app: "GoogleServices" as_org: "AKAMAI-AS" http_method:
        "CONNECT")e",
    R"e(tcp_state: "established" master: "STUN" app: "WhatsApp" as_org: "APPLE-ENGINEERING"
        http_method: "HEAD" user_agent:
        "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0" dhcp { fingerprint:
        "1,3,6,15,31,33,43,44,46,47,119,121,249,252" vendor_class: "MSFT 5.0" } ssh { client_banner:
        "OpenSSH_9.2p1 Debian-2" server_banner: "OpenSSH_8.9p1 Ubuntu-3ubuntu0.1" })e",
    R"e(master: "DHCP" app: "YouTube")e",
    R"e(master: "NTP")e",
    R"e(master: "NetBIOS")e",
    R"e(master: "SSH")e",
    R"e(master: "SMBv23")e",
    R"e(master: "Kerberos")e",
    R"e(master: "LDAP")e",
    R"e(master: "IMAPS")e",
    R"e(master: "SMTP")e",
    R"e(master: "BitTorrent")e",
    R"e(master: "ICMP" confidence: "Unknown")e",
    // A question of DNS, a page without TLS, one over QUIC, and one over TLS that began and ended.
    R"e(id { appliance: "weir" } kind: KIND_FINAL pair: "0" initiator: "10.0.0.1" responder: "8.8.8.8"
        responder_port: 53 protocol: 17 client_mac: "00:1c:42:" initiator_inside: true counters {
        packets_from_initiator: 1 packets_from_responder: 1 bytes_from_initiator: 80
        bytes_from_responder: 120 } end_reason: "shutdown" master: "DNS" app: "" confidence: "DPI"
        host_source: "dns-query" action: "allow" policy_revision: 1 inspected: "full" path { section:
        "network" why: "the application is DNS" } path { section: "network" why:
        "no rule of the section matches" } path { section: "web" why:
        "the section does not concern this flow" } path { section: "email" why:
        "the section does not concern this flow" } path { section: "software" why:
        "the section does not concern this flow" } dns { query_type: 1 response: true })e",
    R"e(id { appliance: "weir" } kind: KIND_UPDATE pair: "lan" initiator: "10.20.0.1" responder_port:
        80 protocol: 6 initiator_inside: true tcp_state: "closed" master: "HTTP" confidence: "DPI"
        host_source: "http-host" http_method: "GET" http_path: "/index.html" action: "allow"
        policy_revision: 1 group: "staff" inspected: "full" path { section: "network" why:
        "the application is HTTP" } path { section: "web" why: "the port is 80" } http { version: "1.1"
        url_path: "/" referer: "http://www." requests: 1 status: 200 content_type:
        "text/html; charset=utf-8" content_length: 0 })e",
    R"e(id { appliance: "weir" } kind: KIND_OPENED pair: "lan" initiator: "192.168.1.1" responder_port:
        443 protocol: 17 initiator_inside: true master: "QUIC" confidence: "DPI" host_source:
        "quic-sni" alpn: "h3" action: "allow" policy_revision: 1 path { section: "network" why:
        "the application is QUIC" })e",
    R"e(id { appliance: "weir" } kind: KIND_OPENED pair: "lan" initiator: "192.168.1.1" responder_port:
        443 protocol: 6 client_mac: "00:1a:11:" initiator_inside: true master: "TLS" confidence:
        "Unknown" host_source: "none" action: "allow" policy_revision: 1 path { section: "network" why:
        "the application is TLS" } path { section: "network" why: "the client is of no group" } path {
        section: "web" why: "the application is not known" })e",
    R"e(id { appliance: "weir" } kind: KIND_FINAL pair: "lan" initiator: "192.168.1.1" responder_port:
        443 protocol: 6 initiator_inside: true counters { packets_from_initiator: 9
        packets_from_responder: 9 bytes_from_initiator: 1369 bytes_from_responder: 5838 } end_reason:
        "fin" tcp_state: "closed" master: "TLS" app: "Google" confidence: "DPI" host: "www.google.com"
        host_source: "tls-sni" country: "US" asn: 15169 as_org: "GOOGLE" alpn: "h2" alpn: "http/1.1"
        action: "allow" policy_revision: 1 group: "staff" path { section: "network" why:
        "the application is Google" } path { section: "network" why: "the port is 443" } path {
        section: "network" why: "no rule of the section matches" } path { section: "web" why:
        "no rule of the section matches" } path { section: "email" why:
        "the section does not concern this flow" } path { section: "software" why:
        "the section does not concern this flow" } inspected: "full" network { handshake_initiator_us:
        1040 handshake_responder_us: 4022 responses: 3 response_mean_us: 915820 response_max_us:
        2047152 } tls { ja3: "" ja4: "t13d1516h2_8daaf6152771_" version: 772 server_version: 772
        cipher: 4865 ech: "none" resumption_offered: true certificate { subject: "*." issuer:
        "DigiCert SHA2 Secure Server CA" } } client { host_name: "" host_name_source: "dhcp" })e",
};

}  // namespace

std::string event_dictionary() {
  std::string bytes;
  for (const char* text : kEvents) {
    event::FlowEvent event;
    if (!google::protobuf::TextFormat::ParseFromString(text, &event)) std::abort();
    bytes += event.SerializeAsString();
  }
  return bytes;
}

}  // namespace weir::policy
