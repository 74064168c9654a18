// SPDX-License-Identifier: Apache-2.0
#include "policy/export/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/export/text.h"

namespace weir::output {
namespace {

using Named = std::pair<std::uint32_t, std::string_view>;

template <std::size_t N>
std::string_view name_in(const std::array<Named, N>& names, std::uint32_t number) {
  const auto found = std::ranges::find(names, number, &Named::first);
  return found == names.end() ? std::string_view{} : found->second;
}

/// nDPI's master protocols that Suricata knows by another name than theirs in lower case.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kApplications{{
    {"FTP_CONTROL", "ftp"},
    {"FTP_DATA", "ftp-data"},
    {"SMBv1", "smb"},
    {"SMBv23", "smb"},
    {"Kerberos", "krb5"},
}};

bool of_blocking_action(std::string_view word) {
  const auto action = action_of(word);
  return action && blocks(*action);
}

}  // namespace

std::string protocol_name(std::uint32_t protocol) {
  constexpr std::array<Named, 12> kNames{{{1, "ICMP"},
                                          {2, "IGMP"},
                                          {4, "IPv4"},
                                          {6, "TCP"},
                                          {17, "UDP"},
                                          {41, "IPv6"},
                                          {47, "GRE"},
                                          {50, "ESP"},
                                          {51, "AH"},
                                          {58, "IPv6-ICMP"},
                                          {89, "OSPF"},
                                          {132, "SCTP"}}};
  const std::string_view name = name_in(kNames, protocol);
  return name.empty() ? fmt::format("{:03}", protocol) : std::string{name};
}

std::string app_protocol(const event::FlowEvent& event) {
  if (event.has_http()) return event.http().version() == "2" ? "http2" : "http";
  if (event.has_dns()) return "dns";
  if (event.host_source() == "quic-sni" || event.master() == "QUIC") return "quic";
  if (event.has_mail() && event.mail().visibility() != "implicit-tls") {
    const std::string& protocol = event.mail().protocol();
    return protocol == "submission" ? "smtp" : protocol;
  }
  if (event.has_ssh()) return "ssh";
  if (event.has_tls()) return "tls";
  if (event.has_dhcp()) return "dhcp";
  const bool guessed = event.confidence().starts_with("Match by");  // a port or an address
  if (event.master().empty() || event.master() == "Unknown" || guessed) return "failed";
  const auto found =
      std::ranges::find_if(kApplications, [&](const auto& one) { return one.first == event.master(); });
  if (found != kApplications.end()) return std::string{found->second};
  return lower(event.master());
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1'099'511'628'211U;
  }
  return hash;
}

std::uint64_t flow_number(const event::FlowEvent& event) {
  return number_of(event.flow_id()) & ((std::uint64_t{1} << 51U) - 1);
}

std::uint32_t signature_number(std::string_view rule) {
  return kSignatureFirst + static_cast<std::uint32_t>(number_of(rule) % 100'000'000);
}

bool refused(const event::FlowEvent& event) { return of_blocking_action(event.action()); }
bool refused(const event::Hit& hit) { return !hit.would_block() && of_blocking_action(hit.action()); }

Severity severity_of(std::string_view word) {
  for (const Severity one : {Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (word == to_string(one)) return one;
  }
  return Severity::kInfo;
}

std::string_view object_of(const event::Hit& hit, bool people) {
  if (!people && hit.object().find('@') != std::string::npos) return {};
  return hit.object();
}

std::string_view user_of(const event::FlowEvent& event) {
  return event.client().user().empty() ? event.mail().user() : event.client().user();
}

std::string_view tls_version_name(std::uint32_t version) {
  constexpr std::array<Named, 5> kNames{
      {{0x0300, "SSLv3"}, {0x0301, "TLSv1"}, {0x0302, "TLS 1.1"}, {0x0303, "TLS 1.2"}, {0x0304, "TLS 1.3"}}};
  return name_in(kNames, version);
}

std::string dns_type_name(std::uint32_t type) {
  constexpr std::array<Named, 18> kNames{{{1, "A"},
                                          {2, "NS"},
                                          {5, "CNAME"},
                                          {6, "SOA"},
                                          {12, "PTR"},
                                          {15, "MX"},
                                          {16, "TXT"},
                                          {28, "AAAA"},
                                          {33, "SRV"},
                                          {35, "NAPTR"},
                                          {43, "DS"},
                                          {46, "RRSIG"},
                                          {47, "NSEC"},
                                          {48, "DNSKEY"},
                                          {52, "TLSA"},
                                          {64, "SVCB"},
                                          {65, "HTTPS"},
                                          {255, "ANY"}}};
  const std::string_view name = name_in(kNames, type);
  return name.empty() ? fmt::format("TYPE{}", type) : std::string{name};
}

std::string dns_code_name(std::uint32_t code) {
  constexpr std::array<Named, 6> kNames{
      {{0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"}, {3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"}}};
  const std::string_view name = name_in(kNames, code);
  return name.empty() ? fmt::format("{}", code) : std::string{name};
}

}  // namespace weir::output
