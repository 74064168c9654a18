// SPDX-License-Identifier: Apache-2.0
// Small verbs for tests of decisions: a policy from text, flows as a chain of facts.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "policy/decide/decide.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"

namespace weir::policy {

inline std::shared_ptr<const Policy> policy_of(const std::string& text) {
  auto compiled = compile("weir-policy: 1\n" + text, {.file = "policy.yaml", .revision = 7});
  if (compiled) return *compiled;
  for (const Error& error : compiled.error()) ADD_FAILURE() << to_text(error);
  return std::make_shared<const Policy>(PolicyParts{});
}

/// 2026-11-22 is a Sunday; noon UTC.
inline constexpr TimeNs kSundayNoon = 1'795'348'800 * kSecond;

struct Flow {
  FlowFacts facts;

  Flow() {
    facts.tuple = {*IpAddress::parse("10.20.0.7"), *IpAddress::parse("203.0.113.5"), 40'000, 443,
                   kProtocolTcp};
    facts.master = "Unknown";
  }
  Flow& client(const char* address) {
    facts.tuple.initiator = *IpAddress::parse(address);
    return *this;
  }
  Flow& identity(ClientFacts who) {
    facts.client_identity = std::make_shared<const ClientFacts>(std::move(who));
    return *this;
  }
  Flow& named(const char* host_name, HostNameSource source = HostNameSource::kDhcp) {
    return identity({.host_name = host_name, .host_name_source = source});
  }
  Flow& used_by(const char* user, UserSource source = UserSource::kRadius) {
    return identity({.user = user, .user_source = source});
  }
  Flow& server(const char* address, std::uint16_t port, std::uint8_t protocol = kProtocolTcp) {
    facts.tuple.responder = *IpAddress::parse(address);
    facts.tuple.responder_port = port;
    facts.tuple.protocol = protocol;
    return *this;
  }
  Flow& app(const char* master, const char* name, AppConfidence confidence = AppConfidence::kDpi) {
    facts.master = master;
    facts.app = name;
    facts.confidence = confidence;
    return *this;
  }
  Flow& tls(const char* sni) {
    facts.tls.seen = true;
    facts.tls.sni = facts.host = sni;
    facts.host_source = NameSource::kTlsSni;
    return *this;
  }
  Flow& http(const char* host) {
    facts.http.seen = true;
    facts.http.host = facts.host = host;
    facts.host_source = NameSource::kHttpHost;
    return *this;
  }
  Flow& dns(const char* query) {
    facts.dns.seen = true;
    facts.dns.query = facts.host = query;
    facts.host_source = NameSource::kDnsQuery;
    return *this;
  }
  Flow& mail(const char* protocol, const char* sender = "", const char* pending = "") {
    facts.mail.seen = true;
    facts.mail.protocol = protocol;
    facts.mail.sender = sender;
    facts.mail.pending_recipient = pending;
    return *this;
  }
  Flow& place(const char* country, std::uint32_t asn) {
    facts.country = country;
    facts.asn = asn;
    return *this;
  }
  Flow& software(const char* product, const char* version = "", const char* evidence = "user-agent: x") {
    facts.software.push_back({product, version, evidence});
    return *this;
  }
};

inline Decision judge(const std::shared_ptr<const Policy>& policy, const Flow& flow, TimeNs now = kSundayNoon,
                      Trace trace = Trace::kOff) {
  return decide(*policy, flow.facts, DynamicFacts{}, now, trace);
}

/// "block no-gambling [no-gambling bet.example]": action, deciding rule, and of each hit its rule and object,
/// with a question mark where it would block.
inline std::string in_short(const Decision& decision) {
  std::string text = to_string(decision.action);
  if (!decision.rule.empty()) text += " " + decision.rule;
  for (const RuleHit& hit : decision.hits) {
    text += " [" + hit.rule + (hit.would_block ? "? " : " ") + hit.object + "]";
  }
  return text;
}

}  // namespace weir::policy
