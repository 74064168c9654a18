// SPDX-License-Identifier: Apache-2.0
// Policies of hundreds of rules, of which each asks for a few of many values, so that which one matches is
// seldom among the first; and flows for them. Every dimension of the rules' index occurs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/policy/decide/random_policy.h"

namespace weir::policy {

inline constexpr unsigned kWideValues = 12;  // of each key

inline std::string wide_name(unsigned number) { return "n" + std::to_string(number) + ".example"; }
inline std::string wide_client(Dice& dice) {
  return "10.1." + std::to_string(dice.below(kWideValues)) + "." + std::to_string(dice.below(4));
}
inline std::string wide_server(Dice& dice) {
  const std::string net = std::to_string(dice.below(kWideValues));
  const std::string host = std::to_string(dice.below(4));
  return dice.once_in(5) ? "2001:db8:" + net + "::" + host : "198.18." + net + "." + host;
}
inline std::string wide_subnet(Dice& dice) {
  const std::string net = std::to_string(dice.below(kWideValues));
  return dice.one_of<std::string>({"198.18." + net + ".0/24", "198.18." + net + ".2/31",
                                   "198.18." + net + ".1", "2001:db8:" + net + "::/48",
                                   "2001:db8:" + net + "::1", "198.18.8.0/22"});
}
inline std::string wide_pattern(Dice& dice) {
  const std::string name = wide_name(dice.below(kWideValues));
  return dice.one_of<std::string>({name, "*." + name, "a." + name});
}
inline std::string wide_host(Dice& dice) {
  const std::string name = wide_name(dice.below(kWideValues));
  return dice.one_of<std::string>({name, "a." + name, "b.a." + name});
}
inline std::string wide_address(Dice& dice) { return "u@" + wide_host(dice); }
inline int wide_port(Dice& dice) { return 1'000 + dice.between(0, kWideValues) * 100; }
inline int wide_asn(Dice& dice) { return 64'500 + dice.between(0, kWideValues); }
inline std::string wide_country(Dice& dice) {
  return {static_cast<char>('A' + dice.below(4)), static_cast<char>('A' + dice.below(3))};
}
inline std::string wide_app(Dice& dice) {
  return dice.one_of<std::string>({"BitTorrent", "YouTube", "TLS", "DNS", "GRE", "doh", "dot", "doq", "Zoom",
                                   "Facebook", "NetFlix", "Spotify"});
}

template <typename Make>
auto one_or_two(Dice& dice, Make make) {
  std::vector<decltype(make(dice))> values{make(dice)};
  auto other = make(dice);
  if (dice.once_in(3) && !naive::holds(values, other)) values.push_back(std::move(other));
  return values;
}

inline std::pair<int, int> wide_range(Dice& dice) {
  if (dice.once_in(6)) return {4'789, 4'789};  // VXLAN's: of the tunnel around a flow
  const int low = wide_port(dice);
  return {low, dice.once_in(3) ? low + dice.between(0, 500) : low};
}

/// A pattern or the name of a list; recipients and senders may be addresses.
inline std::string wide_domain(Dice& dice) {
  return dice.once_in(3) ? wide_pattern(dice) : "l" + std::to_string(dice.below(kWideValues));
}
inline std::string wide_mail_end(Dice& dice) {
  return dice.once_in(3) ? wide_address(dice) : wide_domain(dice);
}

inline naive::Rule wide_rule(Dice& dice, Section section, unsigned number) {
  naive::Rule rule;
  rule.name = "r" + std::to_string(number);
  using Key = std::function<void()>;
  std::vector<Key> keys{[&] {
    rule.who = naive::Named{{"g" + std::to_string(dice.below(kWideValues))}, dice.once_in(4)};
  }};
  if (section == Section::kEmail) {
    keys.insert(keys.end(), {[&] { rule.senders = one_or_two(dice, wide_mail_end); },
                             [&] { rule.recipients = one_or_two(dice, wide_mail_end); },
                             [&] { rule.recipients = one_or_two(dice, wide_mail_end); },
                             [&] { rule.mail_protocols = {dice.once_in(2) ? "smtp" : "submission"}; }});
  } else {
    keys.insert(keys.end(), {[&] { rule.apps = one_or_two(dice, wide_app); },
                             [&] { rule.countries = one_or_two(dice, wide_country); }});
  }
  if (section == Section::kNetwork) {
    keys.insert(keys.end(), {[&] { rule.destinations = one_or_two(dice, wide_subnet); },
                             [&] { rule.destinations = one_or_two(dice, wide_subnet); },
                             [&] { rule.ports = one_or_two(dice, wide_range); },
                             [&] { rule.asns = one_or_two(dice, wide_asn); },
                             [&] { rule.protocols = {dice.once_in(2) ? "udp" : "tcp"}; }});
  } else if (section == Section::kWeb) {
    keys.insert(keys.end(), {[&] { rule.domains = one_or_two(dice, wide_domain); },
                             [&] { rule.categories = {"c" + std::to_string(dice.below(kWideValues))}; },
                             [&] { rule.paths = {"/a*"}; }});
  }
  for (unsigned asked = 2 + dice.below(2); asked > 0; --asked) dice.one_of(keys)();
  rule.then = dice.one_of<Action>({Action::kAllow, Action::kReport, Action::kLimit, Action::kBlock});
  rule.monitor = dice.once_in(5);
  rule.allow_guess = (!rule.apps.empty() || !rule.mail_protocols.empty()) && dice.once_in(2);
  return rule;
}

/// Up to `rules_max` rules in a section.
inline naive::Policy random_wide_policy(Dice& dice, unsigned rules_max) {
  naive::Policy policy;
  policy.zone = "UTC";
  for (unsigned i = 0; i < kWideValues; ++i) {
    const std::string number = std::to_string(i);
    policy.groups.push_back({.name = "g" + number});
    policy.groups.back().subnets = {"10.1." + number + ".0/" + (i % 3 == 0 ? "31" : "24")};
    policy.lists.push_back({"l" + number, one_or_two(dice, wide_pattern)});
    policy.categories.push_back({"c" + number, one_or_two(dice, wide_pattern)});
  }
  policy.groups.push_back({.name = "rest"});
  policy.groups.back().subnets = {"10.1.0.0/21"};
  unsigned number = 0;
  for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) {
    for (unsigned i = rules_max / 2 + dice.below(rules_max / 2); i > 0; --i)
      policy.rules[static_cast<std::size_t>(section)].push_back(wide_rule(dice, section, ++number));
  }
  return policy;
}

/// Everything else is that of random_flow.
inline Flow random_wide_flow(Dice& dice) {
  Flow flow = random_flow(dice);
  FlowFacts& facts = flow.facts;
  FiveTuple& tuple = facts.tuple;
  (facts.initiator_inside ? tuple.initiator : tuple.responder) = *IpAddress::parse(wide_client(dice));
  (facts.initiator_inside ? tuple.responder : tuple.initiator) = *IpAddress::parse(wide_server(dice));
  tuple.responder_port = static_cast<std::uint16_t>(wide_port(dice));
  if (!facts.tunnel.type.empty())
    (dice.once_in(2) ? facts.tunnel.low_end : facts.tunnel.high_end) = *IpAddress::parse(wide_server(dice));
  if (!dice.once_in(4)) flow.place(wide_country(dice).c_str(), static_cast<std::uint32_t>(wide_asn(dice)));
  if (dice.once_in(2)) facts.app = wide_app(dice);
  for (std::string* const name :
       {&facts.host, &facts.tls.sni, &facts.http.host, &facts.dns.query, &facts.dns_name})
    if (!name->empty()) *name = wide_host(dice);
  for (std::string* const end : {&facts.mail.sender, &facts.mail.pending_recipient})
    if (!end->empty()) *end = wide_address(dice);
  for (std::string& recipient : facts.mail.recipients) recipient = wide_address(dice);
  return flow;
}

}  // namespace weir::policy
