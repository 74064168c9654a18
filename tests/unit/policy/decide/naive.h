// SPDX-License-Identifier: Apache-2.0
// The plainest possible evaluation of a policy, from docs/policy.md: no tables, no indices, no compiled form,
// no code of the product but its plain facts. What `decide` is held against.
#pragma once

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/model/flow_facts.h"
#include "tests/unit/policy/decide/naive_time.h"

namespace weir::policy::naive {

// ---- addresses and names

inline std::array<unsigned char, 16> bytes_of(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (address.find(':') != std::string::npos) {
    inet_pton(AF_INET6, address.c_str(), bytes.data());
  } else {
    bytes[10] = bytes[11] = 0xff;
    inet_pton(AF_INET, address.c_str(), bytes.data() + 12);
  }
  return bytes;
}

inline bool in_subnet(const std::string& address, const std::string& subnet) {
  const std::size_t slash = subnet.find('/');
  const std::string base = subnet.substr(0, slash);
  const int bits = slash == std::string::npos            ? 128
                   : base.find(':') != std::string::npos ? std::stoi(subnet.substr(slash + 1))
                                                         : 96 + std::stoi(subnet.substr(slash + 1));
  const auto a = bytes_of(address);
  const auto b = bytes_of(base);
  for (int bit = 0; bit < bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    if (((a[at] ^ b[at]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

inline bool in_pattern(const std::string& name, const std::string& pattern) {
  if (pattern.starts_with("*.")) return name.ends_with(pattern.substr(1)) && name.size() > pattern.size() - 1;
  return name == pattern || name.ends_with("." + pattern);
}

inline bool in_values(const std::string& name, const std::vector<std::string>& values,
                      const std::vector<NamedValues>& named) {
  return any(values, [&](const std::string& value) {
    const auto list =
        std::find_if(named.begin(), named.end(), [&](const NamedValues& n) { return n.name == value; });
    if (list == named.end()) return value.find('.') != std::string::npos && in_pattern(name, value);
    return any(list->values, [&](const std::string& pattern) { return in_pattern(name, pattern); });
  });
}

inline std::vector<std::string> names_of(const FlowFacts& facts) {
  std::vector<std::string> names;
  if (facts.host_source != NameSource::kNdpi) names.push_back(facts.host);
  for (const std::string& name : {facts.tls.sni, facts.http.host, facts.dns.query}) names.push_back(name);
  if (facts.tls.ech_offered && facts.dns_name_ech) names.push_back(facts.dns_name);
  std::erase(names, std::string{});
  return names;
}

// ---- one rule

/// What is the same for all rules.
struct Question {
  const Policy& policy;
  const FlowFacts& facts;
  std::tm local;
  std::string group;
};

/// `*` stands for anything.
inline bool like(const std::string& pattern, const std::string& text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*')
    return like(pattern.substr(1), text) || (!text.empty() && like(pattern, text.substr(1)));
  return !text.empty() && std::tolower(pattern[0]) == std::tolower(text[0]) &&
         like(pattern.substr(1), text.substr(1));
}
inline bool like_any(const std::vector<std::string>& patterns, const std::string& text) {
  return any(patterns, [&](const std::string& pattern) { return like(pattern, text); });
}

/// "pc.lab.example" without its domain; "EXAMPLE\anna", "anna@EXAMPLE" without their realm.
inline std::string label_of(const std::string& name) { return name.substr(0, name.find('.')); }
inline std::string account_of(const std::string& user) {
  const std::size_t slash = user.find('\\');
  return slash != std::string::npos ? user.substr(slash + 1) : user.substr(0, user.rfind('@'));
}

inline bool holds_identity(const Group& group, const ClientFacts& client) {
  const std::vector<std::string> from =
      group.names_from.empty() ? std::vector<std::string>{"dhcp"} : group.names_from;
  const bool name_counts = holds(from, std::string(to_string(client.host_name_source)));
  const bool user_counts =
      client.user_source == UserSource::kRadius || client.user_source == UserSource::kKerberos;
  const auto host = [&](const std::string& pattern) {
    return like(pattern,
                pattern.find('.') != std::string::npos ? client.host_name : label_of(client.host_name));
  };
  const auto user = [&](const std::string& pattern) {
    return like(pattern,
                pattern.find_first_of("@\\") != std::string::npos ? client.user : account_of(client.user));
  };
  return (name_counts && !client.host_name.empty() && any(group.names, host)) ||
         (user_counts && !client.user.empty() && any(group.users, user));
}

inline std::string group_of(const Policy& policy, const FlowFacts& facts) {
  const std::string client = facts.client().to_string();
  for (const Group& group : policy.groups) {
    if (holds(group.hosts, client) || holds(group.vlans, static_cast<int>(facts.vlan)) ||
        holds(group.macs, facts.client_mac.to_string()) ||
        any(group.subnets, [&](const std::string& subnet) { return in_subnet(client, subnet); }) ||
        (facts.client_identity != nullptr && holds_identity(group, *facts.client_identity))) {
      return group.name;
    }
  }
  return {};
}

inline bool forbids_guess(const Rule& rule, const FlowFacts& facts) {
  const bool guess =
      facts.confidence == AppConfidence::kMatchByPort || facts.confidence == AppConfidence::kMatchByIp;
  const bool blocks = rule.then == Action::kBlock || rule.then == Action::kPage ||
                      rule.then == Action::kContinue || rule.then == Action::kRefuse ||
                      rule.then == Action::kSafeSearch;
  return guess && !rule.allow_guess && blocks;
}

inline std::string mail_protocol(const FlowFacts& facts) {
  if (facts.mail.seen) return facts.mail.protocol;
  if (facts.master == "SMTP") return facts.tuple.responder_port == 587 ? "submission" : "smtp";
  if (facts.master == "SMTPS") return "submission";
  if (facts.master == "IMAP" || facts.master == "IMAPS") return "imap";
  return facts.master == "POP3" || facts.master == "POPS" ? "pop3" : "";
}

inline bool matches_content(const HttpFacts& http, const Rule& rule) {
  const std::string type = http.content_type.substr(0, http.content_type.find(';'));
  return (rule.paths.empty() || (http.seen && like_any(rule.paths, http.url_path))) &&
         (rule.methods.empty() || (http.seen && like_any(rule.methods, http.method))) &&
         (rule.content_types.empty() || (!type.empty() && like_any(rule.content_types, type)));
}

inline bool matches_attachment(const Attachment& one, const Rule& rule) {
  const auto ends = [&](const std::string& type) {
    return one.name.ends_with("." + type) || one.type == type;
  };
  return (rule.attachment_types.empty() || any(rule.attachment_types, ends)) &&
         (!rule.encrypted || one.encrypted);
}

inline bool matches_mail(const Question& q, const Rule& rule) {
  const MailFacts& mail = q.facts.mail;
  std::vector<std::string> recipients = mail.recipients;
  if (!mail.pending_recipient.empty()) recipients.push_back(mail.pending_recipient);
  const auto named = [&](const std::vector<std::string>& values, const std::string& address) {
    return holds(values, address) ||
           in_values(address.substr(address.rfind('@') + 1), values, q.policy.lists);
  };
  if (!rule.mail_protocols.empty() && !holds(rule.mail_protocols, mail_protocol(q.facts))) return false;
  if (!mail.seen && forbids_guess(rule, q.facts)) return false;
  if (!rule.senders.empty() && (mail.sender.empty() || !named(rule.senders, mail.sender))) return false;
  if (!rule.recipients.empty() &&
      !any(recipients, [&](const std::string& one) { return named(rule.recipients, one); })) {
    return false;
  }
  if (rule.recipients_over && static_cast<int>(recipients.size()) <= *rule.recipients_over) return false;
  const MailMessage* const message = mail.message.empty() ? nullptr : &mail.message.front();
  if (!rule.from.empty() && (message == nullptr || message->from.empty() || !named(rule.from, message->from)))
    return false;
  if (!rule.subjects.empty() &&
      (message == nullptr || !message->headers_done || !like_any(rule.subjects, message->subject))) {
    return false;
  }
  if ((!rule.attachment_types.empty() || rule.encrypted) &&
      (message == nullptr ||
       !any(message->attachments, [&](const Attachment& one) { return matches_attachment(one, rule); }))) {
    return false;
  }
  return rule.tls.empty() || (!recipients.empty() && mail.starttls_used == (rule.tls == "starttls"));
}

inline bool is_app(const FlowFacts& facts, const std::string& app, const Rule& rule) {
  const std::string certain = facts.encrypted_dns == EncryptedDns::kDoh   ? "doh"
                              : facts.encrypted_dns == EncryptedDns::kDot ? "dot"
                              : facts.encrypted_dns == EncryptedDns::kDoq ? "doq"
                                                                          : "";
  if (app == certain || app == facts.tunnel.app) return true;
  if (forbids_guess(rule, facts)) return false;
  if (app != "doh" && app != "dot" && app != "doq") return app == facts.app || app == facts.master;
  if (holds(facts.tls.alpn, app)) return true;
  if (facts.app != "DoH_DoT" && facts.master != "DoH_DoT") return false;
  const int port = facts.tuple.responder_port;
  const bool udp = facts.tuple.protocol == kProtocolUdp;
  const bool quic = udp && (port == 853 || port == 784 || port == 8853);
  return app == (quic ? "doq" : !udp && port == 853 ? "dot" : "doh");
}

inline bool matches_end(const Rule& rule, int protocol, int port, const std::vector<std::string>& addresses) {
  const char* const word = protocol == kProtocolTcp                                   ? "tcp"
                           : protocol == kProtocolUdp                                 ? "udp"
                           : protocol == kProtocolIcmp || protocol == kProtocolIcmpV6 ? "icmp"
                                                                                      : "";
  if (!rule.protocols.empty() && !holds(rule.protocols, std::string(word))) return false;
  const auto in_range = [&](std::pair<int, int> range) {
    return port >= range.first && port <= range.second;
  };
  if (!rule.ports.empty() && !any(rule.ports, in_range)) return false;
  return rule.destinations.empty() || any(rule.destinations, [&](const std::string& subnet) {
           return any(addresses, [&](const std::string& address) { return in_subnet(address, subnet); });
         });
}

inline bool concerns(const Question& q, const Rule& rule) {
  if (rule.who && holds(rule.who->names, q.group) == rule.who->negated) return false;
  return !rule.when || any(q.policy.schedules, [&](const Schedule& schedule) {
                         return holds(rule.when->names, schedule.name) && in_schedule(schedule, q.local);
                       }) != rule.when->negated;
}

inline bool matches(const Question& q, const Rule& rule, Section section) {
  if (!concerns(q, rule)) return false;
  if (section == Section::kEmail) return matches_mail(q, rule);
  const FlowFacts& facts = q.facts;
  if ((rule.then == Action::kPage || rule.then == Action::kContinue) && facts.dns.seen) return false;
  if (rule.then == Action::kSafeSearch && facts.dns.engine.empty()) return false;
  if (!matches_content(facts.http, rule)) return false;
  const TunnelFacts& tunnel = facts.tunnel;
  const bool around =
      !tunnel.type.empty() && matches_end(rule, tunnel.protocol, tunnel.port,
                                          {tunnel.low_end.to_string(), tunnel.high_end.to_string()});
  if (!around && !matches_end(rule, facts.tuple.protocol, facts.tuple.responder_port,
                              {facts.tuple.responder.to_string()})) {
    return false;
  }
  if (!rule.asns.empty() && !holds(rule.asns, static_cast<int>(facts.asn))) return false;
  if (!rule.countries.empty() &&
      (!holds(rule.countries, facts.country) || (section == Section::kWeb && facts.dns.seen))) {
    return false;
  }
  if (!rule.apps.empty() &&
      !any(rule.apps, [&](const std::string& app) { return is_app(facts, app, rule); })) {
    return false;
  }
  const auto names = names_of(facts);
  const auto named = [&](const std::vector<std::string>& values, const std::vector<NamedValues>& sets) {
    return values.empty() ||
           any(names, [&](const std::string& name) { return in_values(name, values, sets); });
  };
  return named(rule.domains, q.policy.lists) && named(rule.categories, q.policy.categories);
}

inline bool applies(Section section, const FlowFacts& facts) {
  const std::set<std::string> web{"HTTP", "TLS", "QUIC"};
  if (section == Section::kNetwork) return true;
  if (section == Section::kEmail) return !mail_protocol(facts).empty();
  return (!facts.mail.seen || facts.tls.seen) &&
         (!names_of(facts).empty() || facts.tls.seen || facts.http.seen || web.count(facts.master) > 0);
}

// ---- the policy

/// Collects what rules say: "block r1 r1 r2?" is the action, the rule that decided it, and the rules that
/// hit.
struct Word {
  Action action = Action::kAllow;
  std::string deciding;
  std::string hits;

  void speak(const std::string& name, Action then, bool monitor) {
    const bool would_block = monitor && then > Action::kReport;
    const Action enforced = would_block ? Action::kReport : then;
    if (deciding.empty() || enforced > action) {
      action = enforced;
      deciding = name;
    }
    if (then != Action::kAllow && enforced != Action::kSafeSearch)
      hits += " " + name + (would_block ? "?" : "");
  }
};

inline void judge_software(const Question& q, Word& word) {
  const auto& facts = q.facts.software;
  const auto guess = [&](const SoftwareFact& fact) {
    return fact.evidence.starts_with("app") && (q.facts.confidence == AppConfidence::kMatchByPort ||
                                                q.facts.confidence == AppConfidence::kMatchByIp);
  };
  for (const Unauthorised& entry : q.policy.unauthorised) {
    const auto fact = std::find_if(facts.begin(), facts.end(),
                                   [&](const SoftwareFact& f) { return f.product == entry.product; });
    if (fact == facts.end()) continue;
    if (guess(*fact) && entry.then == Action::kBlock && !entry.allow_guess) continue;
    return word.speak("unauthorised-" + entry.product, entry.then, q.policy.monitor);
  }
  const auto entry_of = [&](const SoftwareFact& fact) {
    return std::find_if(q.policy.authorised.begin(), q.policy.authorised.end(),
                        [&](const Authorised& entry) { return entry.product == fact.product; });
  };
  const auto lapsed = [&](const SoftwareFact& fact) {
    const auto entry = entry_of(fact);
    if (entry == q.policy.authorised.end()) return false;
    if (!entry->until.empty() && date_of(q.local) > entry->until) return true;
    if (fact.version.empty()) return false;
    const int version = std::stoi(fact.version);
    return (entry->least && version < *entry->least) || (entry->below && version >= *entry->below);
  };
  const auto speak = [&](const SoftwareFact& fact) {
    Action then = std::max(*q.policy.unknown, Action::kReport);
    if (guess(fact) && then == Action::kBlock) then = Action::kReport;
    word.speak("unknown-software", then, q.policy.monitor);
  };
  if (const auto fact = std::find_if(facts.begin(), facts.end(), lapsed); fact != facts.end())
    return speak(*fact);
  if (*q.policy.unknown == Action::kAllow) return;
  const auto unknown = [&](const SoftwareFact& fact) {
    return entry_of(fact) == q.policy.authorised.end() &&
           !any(q.policy.unauthorised, [&](const Unauthorised& e) { return e.product == fact.product; });
  };
  if (const auto fact = std::find_if(facts.begin(), facts.end(), unknown); fact != facts.end()) speak(*fact);
}

/// Flows that somebody used of a rule's quota, by the rule and who that is.
using Used = std::map<std::pair<std::string, std::string>, int>;

/// The quota of a rule that matches leaves something.
inline bool within_quota(const Question& q, const Rule& rule, const Used& used) {
  if (!rule.quota_flows) return false;
  std::string subject = q.facts.client().to_string();
  if (rule.quota_per == "all") subject = "all";
  if (const ClientFacts* const client = q.facts.client_identity.get();
      client != nullptr && rule.quota_per == "user" && client->user_source != UserSource::kNone &&
      client->user_source != UserSource::kKerberosRequest) {
    subject = client->user;
  }
  if (rule.quota_per == "group" && !q.group.empty()) subject = "group " + q.group;
  const auto so_far = used.find({rule.name, subject});
  return (so_far == used.end() ? 0 : so_far->second) < *rule.quota_flows;
}

/// `clicked`: rules that the client clicked through.
inline std::string evaluate(const Policy& policy, const FlowFacts& facts, TimeNs now, const Used& used = {},
                            const std::vector<std::string>& clicked = {}) {
  const Question q{policy, facts, local_time(policy.zone, now), group_of(policy, facts)};
  Word word;
  for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) {
    if (!applies(section, facts)) continue;
    const auto& rules = policy.rules[static_cast<std::size_t>(section)];
    const auto silent = [&](const Rule& one) {
      return one.then == Action::kContinue && !one.monitor && !policy.monitor && holds(clicked, one.name);
    };
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& one) {
      return matches(q, one, section) && !within_quota(q, one, used) && !silent(one);
    });
    if (rule != rules.end()) word.speak(rule->name, rule->then, rule->monitor || policy.monitor);
  }
  if (policy.unknown) judge_software(q, word);
  return std::string(to_string(word.action)) + " " + word.deciding + word.hits;
}

}  // namespace weir::policy::naive
