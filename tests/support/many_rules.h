// SPDX-License-Identifier: Apache-2.0
// Policies of many rules, each the same for the same number, and flows for them: for benchmarks, and for
// tests of what only shows with thousands of rules.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "policy/model/flow_facts.h"

namespace weir::test {

/// Who (10.group.0.0/16), destination, ports, protocol: what a packet filter asks for too.
struct TupleRule {
  std::uint8_t group = 0;
  std::uint32_t destination = 0;  // IPv4, host order
  std::uint8_t prefix_bits = 32;
  std::uint16_t port_low = 0;
  std::uint16_t port_high = 0;
  std::uint8_t protocol = kProtocolTcp;
};

struct Tuple {
  IpAddress client;
  IpAddress server;
  std::uint16_t port = 0;
  std::uint8_t protocol = 0;
};

inline constexpr unsigned kTupleGroups = 200;

inline IpAddress v4_address(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes{
      static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
      static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}

/// The last one takes what none of the others does.
inline std::vector<TupleRule> tuple_rules(std::size_t count) {
  std::mt19937 random(7);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::vector<TupleRule> rules(count);
  for (TupleRule& rule : rules) {
    rule.group = static_cast<std::uint8_t>(below(kTupleGroups));
    rule.prefix_bits = std::array<std::uint8_t, 10>{32, 32, 32, 32, 32, 32, 24, 24, 24, 16}[below(10)];
    rule.destination = (0xac10'0000U | below(1U << 20U)) & ~std::uint32_t{0} << (32U - rule.prefix_bits);
    rule.port_low = static_cast<std::uint16_t>(below(3) == 0 ? 1'024 + below(30'000) : 1 + below(1'000));
    rule.port_high = static_cast<std::uint16_t>(rule.port_low + (below(4) == 0 ? below(20'000) : 0));
    rule.protocol = below(4) == 0 ? kProtocolUdp : kProtocolTcp;
  }
  rules.back() = {kTupleGroups - 1, 0xcb00'7105U, 32, 60'000, 60'000, kProtocolUdp};  // 203.0.113.5
  return rules;
}

inline Tuple tuple_for(const TupleRule& rule) {
  return {v4_address(0x0a00'0101U | std::uint32_t{rule.group} << 16U), v4_address(rule.destination),
          rule.port_low, rule.protocol};
}

/// The section `network` and its groups.
inline std::string text_of(const std::vector<TupleRule>& rules, const std::string& then) {
  std::string text = "weir-policy: 1\ngroups:\n";
  for (unsigned group = 0; group < kTupleGroups; ++group) {
    const std::string number = std::to_string(group);
    text += "  g" + number + ": {subnets: [10." + number + ".0.0/16]}\n";
  }
  text += "network:\n";
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const TupleRule& rule = rules[i];
    std::string port = std::to_string(rule.port_low);
    if (rule.port_high != rule.port_low) port += "-" + std::to_string(rule.port_high);
    std::string destination = v4_address(rule.destination).to_string();
    if (rule.prefix_bits < 32) destination += "/" + std::to_string(rule.prefix_bits);
    text += "- {rule: " + std::to_string(i) + ", who: g" + std::to_string(rule.group) +
            ", match: {destination: " + destination + ", port: " + port +
            ", protocol: " + (rule.protocol == kProtocolTcp ? "tcp" : "udp") + "}, then: " + then + "}\n";
  }
  return text;
}

/// A policy of all sections: a third of the rules ask for addresses, the rest for categories, names,
/// applications, countries, hours and mail, alone and together. Hosts are sN.cM.example, N below 10 and M
/// below 100.
inline std::string mixed_policy(std::size_t rules) {
  std::mt19937 random(11);
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto number = [](std::size_t n) { return std::to_string(n); };
  std::string text = text_of(tuple_rules(rules / 3), "allow");
  text.insert(
      text.find("network:"),
      "schedules: {day: {hours: \"08:00-18:00\"}, night: {hours: \"22:00-06:00\"}, week: {days: mon-fri}}\n");
  std::string categories = "categories:\n";
  for (unsigned c = 0; c < 100; ++c) {
    categories += "  c" + number(c) + ": {domains: [";
    for (unsigned s = 0; s < 10; ++s)
      categories += (s > 0 ? ", s" : "s") + number(s) + ".c" + number(c) + ".example";
    categories += "]}\n";
  }
  text.insert(text.find("network:"), categories);
  const auto maybe = [&](unsigned once_in, const std::string& key) { return below(once_in) == 0 ? key : ""; };
  const auto frame = [&](std::size_t i) {
    const std::vector<std::string> hours{"day", "night", "week", "{not: day}"};
    return "- {rule: m" + number(i) + maybe(2, ", who: g" + number(below(kTupleGroups))) +
           maybe(5, ", when: " + hours[below(4)]) + ", then: block, match: {";
  };
  text += "web:\n";
  for (std::size_t i = 0; i < rules / 3; ++i) {
    text += frame(i) + "category: c" + number(below(100)) + maybe(6, ", app: YouTube") +
            maybe(6, ", country: [CA, DE]") + "}}\n";
  }
  text += "email:\n";
  for (std::size_t i = rules / 3; i < rules - 2 * (rules / 3); ++i)
    text += frame(i) + "recipient: u" + number(i) + "@a.example" + maybe(3, ", protocol: smtp") + "}}\n";
  return text;
}

}  // namespace weir::test
