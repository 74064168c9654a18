// SPDX-License-Identifier: Apache-2.0
// The words for the enumerations of the model, as files, events and people spell them.
#include <algorithm>
#include <array>

#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"
#include "policy/model/settings.h"

namespace weir {

const char* to_string(NameSource source) {
  switch (source) {
    case NameSource::kNone:
      return "none";
    case NameSource::kTlsSni:
      return "tls-sni";
    case NameSource::kHttpHost:
      return "http-host";
    case NameSource::kDnsQuery:
      return "dns-query";
    case NameSource::kQuicSni:
      return "quic-sni";
    case NameSource::kMail:
      return "mail";
    case NameSource::kNdpi:
      return "ndpi";
    case NameSource::kDnsEvidence:
      return "dns-evidence";
    case NameSource::kProxyTarget:
      return "proxy-target";
  }
  return "none";
}

TunnelFacts tunnel_of_type(std::string_view type, bool inner_is_v4) {
  constexpr std::uint8_t kIpv4InIp = 4;  // IANA protocol numbers
  constexpr std::uint8_t kIpv6InIp = 41;
  constexpr std::uint8_t kGre = 47;
  constexpr std::array<TunnelFacts, 6> kTypes{
      {{.type = "gre", .app = "GRE", .protocol = kGre},
       {.type = "ipip", .app = "IP_in_IP", .protocol = kIpv6InIp},
       {.type = "vxlan", .protocol = kProtocolUdp, .port = 4789},
       {.type = "geneve", .protocol = kProtocolUdp, .port = 6081},
       {.type = "gtp-u", .app = "GTP_U", .protocol = kProtocolUdp, .port = 2152},
       {.type = "teredo", .app = "Teredo", .protocol = kProtocolUdp, .port = 3544}}};
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TunnelFacts& one) { return one.type == type; });
  if (found == kTypes.end()) return {};
  TunnelFacts tunnel = *found;
  if (tunnel.protocol == kIpv6InIp && inner_is_v4) tunnel.protocol = kIpv4InIp;
  return tunnel;
}

const char* to_string(EncryptedDns kind) {
  switch (kind) {
    case EncryptedDns::kNone:
      return "";
    case EncryptedDns::kDoh:
      return "doh";
    case EncryptedDns::kDot:
      return "dot";
    case EncryptedDns::kDoq:
      return "doq";
  }
  return "";
}

const char* to_string(HostNameSource source) {
  switch (source) {
    case HostNameSource::kNone:
      return "";
    case HostNameSource::kDhcp:
      return "dhcp";
    case HostNameSource::kMdns:
      return "mdns";
    case HostNameSource::kNetbios:
      return "netbios";
    case HostNameSource::kLlmnr:
      return "llmnr";
    case HostNameSource::kKerberos:
      return "kerberos";
  }
  return "";
}

const char* to_string(UserSource source) {
  switch (source) {
    case UserSource::kNone:
      return "";
    case UserSource::kRadius:
      return "radius";
    case UserSource::kKerberos:
      return "kerberos";
    case UserSource::kKerberosRequest:
      return "kerberos-request";
  }
  return "";
}

const char* to_string(EchKind kind) {
  switch (kind) {
    case EchKind::kNone:
      return "none";
    case EchKind::kOffered:
      return "offered";
    case EchKind::kGrease:
      return "grease";
    case EchKind::kUsed:
      return "used";
  }
  return "none";
}

const char* to_string(SoftwareConfidence confidence) {
  switch (confidence) {
    case SoftwareConfidence::kLow:
      return "low";
    case SoftwareConfidence::kMedium:
      return "medium";
    case SoftwareConfidence::kHigh:
      return "high";
  }
  return "?";
}

const char* to_string(AppConfidence confidence) {
  switch (confidence) {
    case AppConfidence::kUnknown:
      return "Unknown";
    case AppConfidence::kMatchByPort:
      return "Match by port";
    case AppConfidence::kMatchByIp:
      return "Match by IP";
    case AppConfidence::kDpiPartial:
      return "DPI (partial)";
    case AppConfidence::kDpiCache:
      return "DPI (cache)";
    case AppConfidence::kDpi:
      return "DPI";
  }
  return "Unknown";
}

const char* to_string(BypassKind kind) {
  switch (kind) {
    case BypassKind::kAuto:
      return "auto";
    case BypassKind::kNone:
      return "none";
    case BypassKind::kKernelBridge:
      return "kernel-bridge";
    case BypassKind::kNic:
      return "nic";
  }
  return "auto";
}

namespace {
constexpr std::array<const char*, kActions> kActionWords{"allow",  "report",   "limit", "safe_search",
                                                         "refuse", "continue", "page",  "block"};
}

const char* to_string(Action action) { return kActionWords[static_cast<std::size_t>(action)]; }

std::optional<Action> action_of(std::string_view word) {
  const auto at = std::find(kActionWords.begin(), kActionWords.end(), word);
  if (at == kActionWords.end()) return std::nullopt;
  return static_cast<Action>(at - kActionWords.begin());
}

const char* to_string(Section section) {
  switch (section) {
    case Section::kNetwork:
      return "network";
    case Section::kWeb:
      return "web";
    case Section::kEmail:
      return "email";
    case Section::kSoftware:
      return "software";
  }
  return "network";
}

const char* to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kLow:
      return "low";
    case Severity::kMedium:
      return "medium";
    case Severity::kHigh:
      return "high";
    case Severity::kCritical:
      return "critical";
  }
  return "medium";
}

const char* to_string(ExceptionCause cause) {
  switch (cause) {
    case ExceptionCause::kFlowTableFull:
      return "flow-table-full";
    case ExceptionCause::kParkingFull:
      return "parking-full";
    case ExceptionCause::kChannelFull:
      return "channel-full";
    case ExceptionCause::kClassifierSlow:
      return "classifier-slow";
    case ExceptionCause::kClassifierGone:
      return "classifier-gone";
    case ExceptionCause::kStreamUndecidable:
      return "stream-undecidable";
    case ExceptionCause::kFragment:
      return "fragment";
    case ExceptionCause::kFragmentMemoryFull:
      return "fragment-memory-full";
    case ExceptionCause::kParserError:
      return "parser-error";
    case ExceptionCause::kPacketsExhausted:
      return "packets-exhausted";
    case ExceptionCause::kMidstream:
      return "midstream";
    case ExceptionCause::kPolicyMissing:
      return "policy-missing";
    case ExceptionCause::kOverload:
      return "overload";
    case ExceptionCause::kClassifierFault:
      return "classifier-fault";
    case ExceptionCause::kRedisAway:
      return "redis-away";
    case ExceptionCause::kClockStep:
      return "clock-step";
    case ExceptionCause::kCount:
      break;
  }
  return "none";
}

const char* to_string(ExceptionAction action) {
  switch (action) {
    case ExceptionAction::kPass:
      return "pass";
    case ExceptionAction::kDrop:
      return "drop";
    case ExceptionAction::kBypass:
      return "bypass";
    case ExceptionAction::kCount:
      break;
  }
  return "pass";
}

}  // namespace weir
