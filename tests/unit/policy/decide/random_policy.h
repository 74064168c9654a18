// SPDX-License-Identifier: Apache-2.0
// Random policies and random flows, each the same for the same seed, from few values so that rules often
// match.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/unit/policy/decide/naive.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  bool once_in(unsigned n) { return random_() % n == 0; }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  template <typename T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(static_cast<unsigned>(values.size()))];
  }
  template <typename T>
  std::vector<T> some_of(const std::vector<T>& values) {
    std::vector<T> some{one_of(values)};
    for (const T& value : values) {
      if (once_in(4) && !naive::holds(some, value)) some.push_back(value);
    }
    return some;
  }

 private:
  std::mt19937 random_;
};

inline const std::vector<std::string> kClients{"10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1"};
inline const std::vector<std::string> kServers{"203.0.113.1", "203.0.113.2", "2001:db8::1"};
inline const std::vector<std::string> kApps{"BitTorrent", "YouTube", "TLS", "DNS", "SSH"};
inline const std::vector<std::string> kCountries{"CA", "US", "DE"};
inline const std::vector<int> kAsns{64'496, 64'497};
inline const std::vector<int> kPorts{25, 53, 80, 443};
inline const std::vector<std::string> kPatterns{"a.example",   "b.example",     "*.a.example",
                                                "c.b.example", "*.example.org", "example.org"};
inline const std::vector<std::string> kNames{"a.example",     "x.a.example",   "b.example",
                                             "c.b.example",   "d.c.b.example", "example.org",
                                             "y.example.org", "other.test",    "aa.example"};
inline const std::vector<std::string> kProducts{"curl", "wget", "bittorrent"};

inline naive::Rule random_rule(Dice& dice, Section section, const naive::Policy& policy, unsigned number) {
  naive::Rule rule;
  rule.name = "r" + std::to_string(number);
  const auto names = [](const std::vector<naive::NamedValues>& all) {
    std::vector<std::string> found;
    for (const auto& one : all) found.push_back(one.name);
    return found;
  };
  if (!policy.groups.empty() && dice.once_in(3)) {
    rule.who = dice.some_of(names(policy.groups));
    rule.who_not = dice.once_in(2);
  }
  std::vector<std::string> domains = kPatterns;
  for (const std::string& list : names(policy.lists)) domains.push_back(list);
  if (section != Section::kEmail) {
    if (dice.once_in(3)) rule.apps = dice.some_of(kApps);
    if (dice.once_in(4)) rule.countries = dice.some_of(kCountries);
  }
  if (section == Section::kNetwork) {
    if (dice.once_in(5)) rule.destinations = dice.some_of(kServers);
    if (dice.once_in(5)) rule.protocols = {dice.once_in(2) ? "udp" : "tcp"};
    if (dice.once_in(5)) rule.asns = dice.some_of(kAsns);
    if (dice.once_in(3)) rule.ports = dice.some_of(kPorts);
  } else if (section == Section::kWeb) {
    if (dice.once_in(2)) rule.domains = dice.some_of(domains);
    if (!policy.categories.empty() && dice.once_in(3))
      rule.categories = dice.some_of(names(policy.categories));
  } else {
    if (dice.once_in(3)) rule.mail_protocols = dice.some_of<std::string>({"smtp", "submission", "imap"});
    if (dice.once_in(3)) rule.senders = dice.some_of(domains);
    if (dice.once_in(2)) rule.recipients = dice.some_of(domains);
    if (dice.once_in(4)) rule.tls = dice.once_in(2) ? "none" : "starttls";
  }
  rule.then = static_cast<Action>(dice.below(3));
  rule.monitor = dice.once_in(5);
  rule.allow_guess = !rule.apps.empty() && dice.once_in(3);
  return rule;
}

inline naive::Policy random_policy(Dice& dice) {
  naive::Policy policy;
  policy.monitor = dice.once_in(8);
  for (unsigned i = dice.below(4); i > 0; --i)
    policy.groups.push_back({"g" + std::to_string(i), dice.some_of(kClients)});
  for (unsigned i = dice.below(3); i > 0; --i)
    policy.lists.push_back({"l" + std::to_string(i), dice.some_of(kPatterns)});
  for (unsigned i = dice.below(3); i > 0; --i) {
    policy.categories.push_back({"c" + std::to_string(i), dice.some_of(kPatterns)});
  }
  unsigned number = 0;
  for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) {
    for (unsigned i = dice.below(5); i > 0; --i) {
      policy.rules[static_cast<std::size_t>(section)].push_back(random_rule(dice, section, policy, ++number));
    }
  }
  if (dice.once_in(2)) {
    policy.unknown = static_cast<Action>(dice.below(3));
    for (const std::string& product : kProducts) {
      if (dice.once_in(3)) {
        policy.authorised.push_back(product);
      } else if (dice.once_in(2)) {
        policy.unauthorised.emplace_back(product, dice.once_in(2) ? Action::kBlock : Action::kReport);
      }
    }
  }
  return policy;
}

inline Flow random_flow(Dice& dice) {
  Flow flow;
  flow.client(dice.one_of(kClients).c_str());
  flow.server(dice.one_of(kServers).c_str(), static_cast<std::uint16_t>(dice.one_of(kPorts)),
              dice.once_in(3) ? kProtocolUdp : kProtocolTcp);
  if (dice.once_in(2))
    flow.place(dice.one_of(kCountries).c_str(), static_cast<std::uint32_t>(dice.one_of(kAsns)));
  if (dice.once_in(2)) {
    flow.app(dice.one_of(kApps).c_str(), dice.once_in(2) ? dice.one_of(kApps).c_str() : "",
             static_cast<AppConfidence>(dice.below(6)));
  }
  switch (dice.below(5)) {
    case 0:
      flow.tls(dice.one_of(kNames).c_str());
      break;
    case 1:
      flow.http(dice.one_of(kNames).c_str());
      break;
    case 2:
      flow.dns(dice.one_of(kNames).c_str());
      break;
    case 3: {
      const auto address = [&] { return dice.once_in(4) ? std::string{} : "u@" + dice.one_of(kNames); };
      flow.mail(dice.one_of<std::string>({"smtp", "submission", "imap"}).c_str(), address().c_str(),
                address().c_str());
      for (unsigned i = dice.below(3); i > 0; --i)
        flow.facts.mail.recipients.push_back("u@" + dice.one_of(kNames));
      flow.facts.mail.starttls_used = dice.once_in(2);
      break;
    }
    default:
      break;
  }
  if (dice.once_in(3)) {
    for (const std::string& product : dice.some_of(kProducts)) flow.software(product.c_str());
  }
  return flow;
}

inline std::string in_short_without_objects(const Decision& decision) {
  std::string text = std::string(to_string(decision.action)) + " " + decision.rule;
  for (const RuleHit& hit : decision.hits) text += " " + hit.rule + (hit.would_block ? "?" : "");
  return text;
}

inline std::string shown(const FlowFacts& facts) {
  return facts.client().to_string() + " > " + facts.tuple.responder.to_string() + " " +
         std::to_string(facts.tuple.responder_port) + " master " + facts.master + " app " + facts.app + " (" +
         to_string(facts.confidence) + ") host " + facts.host + " mail " + facts.mail.sender + " > " +
         facts.mail.pending_recipient + " country " + facts.country;
}

}  // namespace weir::policy
