// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/pol_rules.h"

#include <fmt/format.h>

#include <array>

#include "policy/lang/app_names.h"

namespace weir::bench {
namespace {

constexpr std::size_t kPorts = 200;  // different ones
constexpr std::size_t kLists = 500;
constexpr std::array<const char*, 8> kCountries{"CA", "US", "DE", "FR", "BR", "JP", "IN", "ZA"};

std::string name_in(std::size_t list) { return fmt::format("site{}.example", list); }

}  // namespace

IpAddress v4_address(std::uint32_t number) {
  const std::array<std::uint8_t, 4> bytes{
      static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
      static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}

void put(const Asked& asked, FlowFacts& facts) {
  facts.tuple = asked.tuple;
  facts.asn = asked.asn;
  facts.country = asked.country;
  facts.app = asked.app;
  facts.host = asked.host;
  facts.host_source = asked.host.empty() ? NameSource::kNone : NameSource::kTlsSni;
  facts.master = "TLS";
  facts.confidence = AppConfidence::kDpi;
}

PolicyBed::PolicyBed(RuleKind kind, std::size_t rules) {
  if (kind == RuleKind::kMixed) {
    for (std::size_t list = 0; list < kLists; ++list)
      lists_ += fmt::format("  l{}: {{domains: [{}, \"*.below.{}\"]}}\n", list, name_in(list), name_in(list));
  }
  const std::size_t of_network = kind == RuleKind::kEnds ? rules : rules - rules / 6;
  for (std::size_t i = 0; i < of_network; ++i) {
    if (kind == RuleKind::kEnds || i % 5 < 3) {
      add_ends();
    } else {
      i % 5 == 3 ? add_app() : add_place();
    }
  }
  while (flows_.size() < rules) add_web();
}

std::string PolicyBed::text() const {
  std::string text = "weir-policy: 1\ngroups:\n";
  for (unsigned group = 0; group < kGroups; ++group)
    text += fmt::format("  g{}: {{subnets: [10.0.{}.0/24]}}\n", group, group);
  if (!lists_.empty()) text += "lists:\n" + lists_;
  text += "network:\n" + network_;
  if (!web_.empty()) text += "web:\n" + web_;
  return text;
}

Asked PolicyBed::client_of(int group) {
  const std::size_t number = group < 0 ? below(kGroups) : static_cast<std::size_t>(group);
  Asked asked;
  asked.tuple.initiator = v4_address(static_cast<std::uint32_t>(0x0a00'0001U + number * 256 + below(250)));
  asked.tuple.initiator_port = 40'000;
  asked.tuple.responder = v4_address(static_cast<std::uint32_t>(0x6440'0000U + below(1U << 20U)));
  asked.tuple.responder_port = 9;
  asked.tuple.protocol = kProtocolTcp;
  asked.app = "Unknown";
  return asked;
}

/// A client of a group, far from all that rules name.
Asked PolicyBed::stranger() { return client_of(-1); }

/// Of ten: four for one server's service, two for a network, two for a network's range of ports, two for a
/// service anywhere.
void PolicyBed::add_ends() {
  EndsRule rule;
  const std::size_t shape = below(10);
  const auto port = static_cast<std::uint16_t>(1'000 + below(kPorts) * 13);
  if (shape < 4 || shape >= 8) {
    rule.group = static_cast<int>(below(kGroups));
    rule.protocol = below(4) == 0 ? kProtocolUdp : kProtocolTcp;
    rule.port_low = rule.port_high = port;
  } else if (shape >= 6) {
    rule.port_low = 1'024;
    rule.port_high = static_cast<std::uint16_t>(2'047 + below(4) * 10'000);
  }
  if (shape < 8) {
    rule.prefix_bits = shape < 4 ? 32 : shape < 6 ? 24 : 28;
    rule.destination = static_cast<std::uint32_t>(0x1400'0000U + below(1U << 27U)) &
                       ~std::uint32_t{0} << (32U - rule.prefix_bits);
  }
  Asked flow = client_of(rule.group);
  network_ += fmt::format("- {{rule: r{}", flows_.size());
  if (rule.group >= 0) network_ += fmt::format(", who: g{}", rule.group);
  std::string match;
  if (rule.prefix_bits > 0) {
    const std::string base = v4_address(rule.destination).to_string();
    match += fmt::format("destination: {}/{}, ", base, rule.prefix_bits);
    flow.tuple.responder = v4_address(
        rule.destination | static_cast<std::uint32_t>(below(std::size_t{1} << (32U - rule.prefix_bits))));
  }
  if (rule.port_high < 65'535) {
    match += fmt::format("port: {}-{}, ", rule.port_low, rule.port_high);
    flow.tuple.responder_port = rule.port_low;
  }
  if (rule.protocol != 0) {
    match += fmt::format("protocol: {}, ", rule.protocol == kProtocolTcp ? "tcp" : "udp");
    flow.tuple.protocol = rule.protocol;
  }
  match.resize(match.size() - 2);
  network_ += fmt::format(", match: {{{}}}, then: block}}\n", match);
  ends_.push_back(rule);
  flows_.push_back(std::move(flow));
}

void PolicyBed::add_app() {
  const auto group = static_cast<int>(below(kGroups));
  Asked flow = client_of(group);
  do {
    flow.app = policy::app_names()[below(policy::app_names().size())];
  } while (flow.app == "TLS" || flow.app == "Unknown");
  network_ += fmt::format("- {{rule: r{}, who: g{}, match: {{app: {}}}, then: block}}\n", flows_.size(),
                          group, flow.app);
  flows_.push_back(std::move(flow));
}

void PolicyBed::add_place() {
  const auto group = static_cast<int>(below(kGroups));
  Asked flow = client_of(group);
  flow.country = kCountries[below(kCountries.size())];
  flow.asn = static_cast<std::uint32_t>(1'000 + below(3'000));
  flow.tuple.responder_port = static_cast<std::uint16_t>(1'000 + below(kPorts) * 13);
  const bool by_country = below(2) == 0;
  network_ += by_country
                  ? fmt::format("- {{rule: r{}, who: g{}, match: {{country: {}, port: {}}}, then: block}}\n",
                                flows_.size(), group, flow.country, flow.tuple.responder_port)
                  : fmt::format("- {{rule: r{}, who: g{}, match: {{asn: {}}}, then: block}}\n", flows_.size(),
                                group, flow.asn);
  flows_.push_back(std::move(flow));
}

void PolicyBed::add_web() {
  const auto group = static_cast<int>(below(kGroups));
  const std::size_t list = below(kLists);
  Asked flow = client_of(group);
  flow.host = fmt::format("www.{}", name_in(list));
  web_ += fmt::format("- {{rule: r{}, who: g{}, match: {{domain: l{}}}, then: block}}\n", flows_.size(),
                      group, list);
  flows_.push_back(std::move(flow));
}

}  // namespace weir::bench
