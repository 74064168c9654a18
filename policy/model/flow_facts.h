// SPDX-License-Identifier: Apache-2.0
// What is known about one flow. The classifier fills it, `policy::decide` reads it, the event carries it.
// A field that is not known yet is empty; facts are only ever added to during a flow's life, except that a
// new request on the same connection replaces the facts of the request before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/click_through.h"
#include "policy/model/client_facts.h"
#include "policy/model/dhcp_facts.h"
#include "policy/model/dns_facts.h"
#include "policy/model/http_facts.h"
#include "policy/model/ip_address.h"
#include "policy/model/mail_facts.h"
#include "policy/model/quota_table.h"
#include "policy/model/ssh_facts.h"
#include "policy/model/time.h"
#include "policy/model/tls_facts.h"

namespace weir {

/// kDnsEvidence: the client had asked for the name and was told this address; a flow with a name of its own
/// never has it.
enum class NameSource : std::uint8_t {
  kNone,
  kTlsSni,
  kHttpHost,
  kDnsQuery,
  kQuicSni,
  kMail,
  kNdpi,
  kDnsEvidence,
  kProxyTarget
};
[[nodiscard]] const char* to_string(NameSource source);

/// How sure nDPI is of the application (its own scale, ndpi_confidence_t of nDPI 4.2).
enum class AppConfidence : std::uint8_t { kUnknown, kMatchByPort, kMatchByIp, kDpiPartial, kDpiCache, kDpi };
[[nodiscard]] const char* to_string(AppConfidence confidence);
/// A guess comes from a port or an address; a blocking rule needs `allow_guess` to use it.
[[nodiscard]] constexpr bool is_guess(AppConfidence confidence) {
  return confidence == AppConfidence::kMatchByPort || confidence == AppConfidence::kMatchByIp;
}

/// DNS within TLS (RFC 7858), QUIC (RFC 9250) or HTTPS (RFC 8484).
enum class EncryptedDns : std::uint8_t { kNone, kDoh, kDot, kDoq };
[[nodiscard]] const char* to_string(EncryptedDns kind);

/// How sure a trace makes a product: a version shown by the program itself is high, a name that it contacts
/// or the shape of its handshake is medium, what many programs share is low.
enum class SoftwareConfidence : std::uint8_t { kLow, kMedium, kHigh };
[[nodiscard]] const char* to_string(SoftwareConfidence confidence);

struct SoftwareFact {
  std::string product;   // id of the catalogue, e.g. "firefox"
  std::string version;   // empty: does not show
  std::string evidence;  // kind and value, e.g. "user-agent: Transmission/3.00"
  SoftwareConfidence confidence = SoftwareConfidence::kMedium;
  auto operator<=>(const SoftwareFact&) const = default;
};

/// What carries a flow that was found inside other packets.
struct TunnelFacts {
  std::string_view type{};  // gre, ipip, vxlan, geneve, gtp-u, teredo; empty: no tunnel
  std::string_view app{};   // nDPI's name of it; empty: it has none
  IpAddress low_end{};
  IpAddress high_end{};
  std::uint32_t id = 0;
  std::uint8_t protocol = 0;  // of the packets that carry it; IP in IP: that of the inner version
  std::uint16_t port = 0;     // UDP, well known; 0: none
};

/// A tunnel of this type, with what is the same for all of them; without ends and id. Another word: no
/// tunnel.
[[nodiscard]] TunnelFacts tunnel_of_type(std::string_view type, bool inner_is_v4);

struct FlowFacts {
  FiveTuple tuple;
  TunnelFacts tunnel;
  std::uint16_t vlan = 0;                      // outer VLAN id, 0: untagged
  std::array<std::uint16_t, 2> inner_vlans{};  // of the second and third tag
  MacAddress client_mac;
  bool initiator_inside = true;  // who is the client: the inside end of the flow
  TimeNs started = 0;

  std::string host;  // the name used for blocking: SNI, Host, DNS query; canonical
  NameSource host_source = NameSource::kNone;
  std::string dns_name;       // what this client last asked for to get this address; empty: nothing known
  TimeNs dns_name_told = 0;   // when it was answered
  bool dns_name_ech = false;  // and it has a key for Encrypted Client Hello: a name in a hello may be a cover
  EncryptedDns encrypted_dns{};
  std::shared_ptr<const ClientFacts> client_identity;  // null: nothing is known of the client
  TlsFacts tls;
  HttpFacts http;
  std::vector<ProxyHop> proxies;  // outermost first
  DnsFacts dns;
  MailFacts mail;
  SshFacts ssh;
  DhcpFacts dhcp;

  std::string master;  // nDPI's master protocol, e.g. "TLS"; "Unknown" until it says
  std::string app;     // nDPI's application, e.g. "YouTube"; empty where it names one protocol only
  AppConfidence confidence = AppConfidence::kUnknown;
  bool app_final = false;    // nDPI will not say more
  bool names_final = false;  // Weir's parsers will not say more (except for the next request)

  std::string country;  // ISO 3166-1 alpha-2 of the outside end; empty: not known
  std::uint32_t asn = 0;
  std::string as_org;

  std::vector<SoftwareFact> software;

  [[nodiscard]] const IpAddress& client() const {
    return initiator_inside ? tuple.initiator : tuple.responder;
  }
  [[nodiscard]] const IpAddress& peer() const { return initiator_inside ? tuple.responder : tuple.initiator; }
};

/// Facts that change with time and come back from the engine, always with an expiry (docs/architecture.md).
struct DynamicFacts {
  TimeNs clock_reached = 0;  // the latest time that was seen: an exception that ended by then has ended
  const QuotaTable* quotas = nullptr;               // null: nothing was used
  std::span<const ClickThrough> clicked_through{};  // of the flow's client; those that hold
};

}  // namespace weir
