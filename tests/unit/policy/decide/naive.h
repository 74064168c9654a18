// SPDX-License-Identifier: Apache-2.0
// Policies as plain values, the text of such a policy, and the plainest possible evaluation of it: no tables,
// no indices, no compiled form. What `decide` is held against. Small alphabets, so that most keys hit now and
// then.
#pragma once

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "policy/model/decision.h"
#include "policy/model/flow_facts.h"

namespace weir::policy::naive {

struct NamedValues {
  std::string name;
  std::vector<std::string> values;
};

struct Rule {
  std::string name;
  std::optional<std::vector<std::string>> who;
  bool who_not = false;
  std::vector<std::string> apps, countries, destinations,
      protocols;  // network; apps and countries in web too
  std::vector<int> asns, ports;
  std::vector<std::string> domains, categories;                  // web: domains or lists
  std::vector<std::string> mail_protocols, senders, recipients;  // email
  std::string tls;
  Action then = Action::kBlock;
  bool monitor = false;
  bool allow_guess = false;
};

struct Policy {
  bool monitor = false;
  std::vector<NamedValues> groups;  // values: addresses
  std::vector<NamedValues> lists;   // values: patterns
  std::vector<NamedValues> categories;
  std::vector<Rule> rules[3];
  std::optional<Action> unknown;
  std::vector<std::string> authorised;
  std::vector<std::pair<std::string, Action>> unauthorised;
};

// ---- text
// -------------------------------------------------------------------------------------------------------

inline std::string listed(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text += (text.size() > 1 ? ", \"" : "\"") + value + "\"";
  return text + "]";
}

inline std::vector<std::string> words(const std::vector<int>& numbers) {
  std::vector<std::string> texts;
  for (const int number : numbers) texts.push_back(std::to_string(number));
  return texts;
}

inline std::string text_of(const Rule& rule) {
  std::string match;
  const auto key = [&](const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) match += (match.empty() ? "" : ", ") + std::string(name) + ": " + listed(values);
  };
  key("app", rule.apps);
  key("country", rule.countries);
  key("destination", rule.destinations);
  key("protocol", rule.protocols);
  key("asn", words(rule.asns));
  key("port", words(rule.ports));
  key("domain", rule.domains);
  key("category", rule.categories);
  key("protocol", rule.mail_protocols);
  key("sender", rule.senders);
  key("recipient", rule.recipients);
  if (!rule.tls.empty()) match += (match.empty() ? "tls: " : ", tls: ") + rule.tls;
  std::string text = "  - {rule: " + rule.name;
  if (rule.who) text += ", who: " + (rule.who_not ? "{not: " + listed(*rule.who) + "}" : listed(*rule.who));
  if (!match.empty()) text += ", match: {" + match + "}";
  text += std::string(", then: ") + to_string(rule.then);
  if (rule.monitor) text += ", mode: monitor";
  if (rule.allow_guess) text += ", allow_guess: true";
  return text + "}\n";
}

inline std::string text_of(const Policy& policy) {
  std::string text = policy.monitor ? "mode: monitor\n" : "";
  const auto sets = [&](const char* section, const char* key, const std::vector<NamedValues>& all) {
    if (all.empty()) return;
    text += std::string(section) + ":\n";
    for (const NamedValues& one : all)
      text += "  " + one.name + ": {" + key + ": " + listed(one.values) + "}\n";
  };
  sets("groups", "hosts", policy.groups);
  sets("lists", "domains", policy.lists);
  sets("categories", "domains", policy.categories);
  const char* const names[] = {"network", "web", "email"};
  for (std::size_t section = 0; section < 3; ++section) {
    if (policy.rules[section].empty()) continue;
    text += std::string(names[section]) + ":\n";
    for (const Rule& rule : policy.rules[section]) text += text_of(rule);
  }
  if (!policy.unknown) return text;
  text += std::string("software:\n  unknown: ") + to_string(*policy.unknown) + "\n  authorised: [";
  for (const std::string& product : policy.authorised) text += "{product: " + product + "}, ";
  text += "]\n  unauthorised: [";
  for (const auto& [product, then] : policy.unauthorised) {
    text += "{product: " + product + ", then: " + to_string(then) + "}, ";
  }
  return text + "]\n";
}

// ---- evaluation
// -------------------------------------------------------------------------------------------------

template <typename T>
bool holds(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

inline bool in_pattern(const std::string& name, const std::string& pattern) {
  if (pattern.starts_with("*.")) return name.ends_with(pattern.substr(1)) && name.size() > pattern.size() - 1;
  return name == pattern || name.ends_with("." + pattern);
}

inline bool in_values(const std::string& name, const std::vector<std::string>& values,
                      const std::vector<NamedValues>& named) {
  for (const std::string& value : values) {
    const auto list =
        std::find_if(named.begin(), named.end(), [&](const NamedValues& n) { return n.name == value; });
    if (list == named.end()) {
      if (value.find('.') != std::string::npos && in_pattern(name, value)) return true;
      continue;
    }
    for (const std::string& pattern : list->values) {
      if (in_pattern(name, pattern)) return true;
    }
  }
  return false;
}

inline std::vector<std::string> names_of(const FlowFacts& facts) {
  std::vector<std::string> names;
  for (const std::string& name : {facts.host, facts.tls.sni, facts.http.host, facts.dns.query}) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

inline std::string domain_of(const std::string& address) { return address.substr(address.rfind('@') + 1); }

inline std::string group_of(const Policy& policy, const FlowFacts& facts) {
  for (const NamedValues& group : policy.groups) {
    if (holds(group.values, facts.client().to_string())) return group.name;
  }
  return {};
}

inline bool matches_mail(const Policy& policy, const Rule& rule, const FlowFacts& facts) {
  const MailFacts& mail = facts.mail;
  std::vector<std::string> recipients = mail.recipients;
  if (!mail.pending_recipient.empty()) recipients.push_back(mail.pending_recipient);
  if (!rule.mail_protocols.empty() && !holds(rule.mail_protocols, mail.protocol)) return false;
  if (!rule.senders.empty() &&
      (mail.sender.empty() || !in_values(domain_of(mail.sender), rule.senders, policy.lists))) {
    return false;
  }
  if (!rule.recipients.empty() &&
      std::none_of(recipients.begin(), recipients.end(), [&](const std::string& one) {
        return in_values(domain_of(one), rule.recipients, policy.lists);
      })) {
    return false;
  }
  return rule.tls.empty() || (!recipients.empty() && mail.starttls_used == (rule.tls == "starttls"));
}

inline bool matches(const Policy& policy, const Rule& rule, Section section, const FlowFacts& facts) {
  if (rule.who && holds(*rule.who, group_of(policy, facts)) == rule.who_not) return false;
  if (section == Section::kEmail) return matches_mail(policy, rule, facts);
  const char* const protocol = facts.tuple.protocol == kProtocolUdp ? "udp" : "tcp";
  if (!rule.protocols.empty() && !holds(rule.protocols, std::string(protocol))) return false;
  if (!rule.ports.empty() && !holds(rule.ports, static_cast<int>(facts.tuple.responder_port))) return false;
  if (!rule.destinations.empty() && !holds(rule.destinations, facts.tuple.responder.to_string()))
    return false;
  if (!rule.asns.empty() && !holds(rule.asns, static_cast<int>(facts.asn))) return false;
  if (!rule.countries.empty() &&
      (!holds(rule.countries, facts.country) || (section == Section::kWeb && facts.dns.seen))) {
    return false;
  }
  if (!rule.apps.empty()) {
    if (!holds(rule.apps, facts.app) && !holds(rule.apps, facts.master)) return false;
    if (is_guess(facts.confidence) && rule.then == Action::kBlock && !rule.allow_guess) return false;
  }
  const auto names = names_of(facts);
  const auto any = [&](const std::vector<std::string>& values, const std::vector<NamedValues>& named) {
    return values.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
             return in_values(name, values, named);
           });
  };
  return any(rule.domains, policy.lists) && any(rule.categories, policy.categories);
}

inline bool applies(Section section, const FlowFacts& facts) {
  const std::set<std::string> web{"HTTP", "TLS", "QUIC"};
  if (section == Section::kNetwork) return true;
  if (section == Section::kEmail) return facts.mail.seen;
  return (!facts.mail.seen || facts.tls.seen) &&
         (!names_of(facts).empty() || facts.tls.seen || facts.http.seen || web.count(facts.master) > 0);
}

/// "block r1 r1 r2?": the action, the rule that decided it, and the rules that hit.
inline std::string evaluate(const Policy& policy, const FlowFacts& facts) {
  Action action = Action::kAllow;
  std::string deciding;
  std::string hits;
  const auto speak = [&](const std::string& name, Action then, bool monitor) {
    const bool would_block = monitor && then == Action::kBlock;
    const Action enforced = would_block ? Action::kReport : then;
    if (deciding.empty() || enforced > action) {
      action = enforced;
      deciding = name;
    }
    if (then != Action::kAllow) hits += " " + name + (would_block ? "?" : "");
  };
  for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) {
    if (!applies(section, facts)) continue;
    for (const Rule& rule : policy.rules[static_cast<std::size_t>(section)]) {
      if (!matches(policy, rule, section, facts)) continue;
      speak(rule.name, rule.then, rule.monitor || policy.monitor);
      break;
    }
  }
  if (policy.unknown) {
    const auto used = [&](const std::string& product) {
      return std::any_of(facts.software.begin(), facts.software.end(),
                         [&](const SoftwareFact& fact) { return fact.product == product; });
    };
    const auto bad = std::find_if(policy.unauthorised.begin(), policy.unauthorised.end(),
                                  [&](const auto& entry) { return used(entry.first); });
    if (bad != policy.unauthorised.end()) {
      speak("unauthorised-" + bad->first, bad->second, policy.monitor);
    } else if (std::any_of(
                   facts.software.begin(), facts.software.end(),
                   [&](const SoftwareFact& fact) { return !holds(policy.authorised, fact.product); }) &&
               *policy.unknown != Action::kAllow) {
      speak("unknown-software", *policy.unknown, policy.monitor);
    }
  }
  return std::string(to_string(action)) + " " + deciding + hits;
}

}  // namespace weir::policy::naive
