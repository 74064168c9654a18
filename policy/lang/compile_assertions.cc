// SPDX-License-Identifier: Apache-2.0
// The list `assert`: what must stay reachable and what must stay blocked, whoever changes the rules. Proved
// from the rules, not tried with flows: for each group, network and range of ports, at whatever time.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/lang/builder.h"
#include "policy/lang/covers.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

/// What machines are managed with: a rule that blocks one of these cuts off, one for other applications does
/// not.
constexpr std::array<std::string_view, 6> kManagementApps{"SSH", "TLS", "HTTP", "RDP", "VNC", "SNMP"};

/// One kind of client, and one network, range of ports and protocol: what rules see alike, or in part.
struct Cell {
  std::size_t group = 0;  // index; how many there are: clients of none
  Subnet destination;
  PortRange port;
  std::uint8_t protocol = 0;
};

/// How much of a cell a rule matches.
enum class Share : std::uint8_t { kNone, kSome, kAll };

Share share_of(const std::vector<Subnet>& written, const Subnet& cell) {
  Share most = written.empty() ? Share::kAll : Share::kNone;
  for (const Subnet& one : written) {
    if (subnet_within(cell, one)) return Share::kAll;
    if (subnet_within(one, cell)) most = Share::kSome;
  }
  return most;
}

Share share_of(const std::vector<PortRange>& written, const PortRange& cell) {
  Share most = written.empty() ? Share::kAll : Share::kNone;
  for (const PortRange& one : written) {
    if (port_within(cell, one)) return Share::kAll;
    if (one.low <= cell.high && cell.low <= one.high) most = Share::kSome;
  }
  return most;
}

Share share_of(const std::vector<std::uint8_t>& written, std::uint8_t cell) {
  const bool named = std::find(written.begin(), written.end(), cell) != written.end();
  return written.empty() || named ? Share::kAll : Share::kNone;
}

bool holds(const Condition& who, std::size_t group) {
  const bool named = std::find(who.any_of.begin(), who.any_of.end(), group) != who.any_of.end();
  return who.always || named != who.negated;
}

/// Of what is said, not of who and where to.
bool asks_for_content(const Match& match) {
  return !match.apps.empty() || !match.domains.empty() || !match.categories.empty() ||
         !match.countries.empty() || !match.asns.empty() || !match.paths.empty() || !match.methods.empty() ||
         !match.files.empty() || !match.content_types.empty() || match.download_over != 0 ||
         !match.ja4.empty() || match.tls_below != 0 || match.unnamed;
}

/// It is not for names, countries, requests, or applications by which nothing is managed. Who connects to an
/// address to manage a machine asks for no name that a list has, and for no file.
bool may_concern_management(const Match& match) {
  const bool managing =
      match.apps.empty() || std::any_of(match.apps.begin(), match.apps.end(), [](const AppMatch& app) {
        return std::find(kManagementApps.begin(), kManagementApps.end(), app.name) != kManagementApps.end();
      });
  const bool of_request = !match.paths.empty() || !match.methods.empty() || !match.files.empty() ||
                          !match.content_types.empty() || match.download_over != 0;
  return managing && !of_request && match.domains.empty() && match.categories.empty() &&
         match.countries.empty() && match.asns.empty();
}

Share share_of(const Rule& rule, const Cell& cell) {
  if (!holds(rule.who, cell.group)) return Share::kNone;
  const Match& match = rule.match;
  const bool always = rule.when.always && !rule.quota;
  const Share most = always && !asks_for_content(match) ? Share::kAll : Share::kSome;
  return std::min({most, share_of(match.destinations, cell.destination), share_of(match.ports, cell.port),
                   share_of(match.protocols, cell.protocol)});
}

class Assertion {
 public:
  Assertion(Builder& builder, const Node& root, const Node& node, Rule who, Match ends, bool reachable)
      : builder_(builder),
        root_(root),
        node_(node),
        clients_(std::move(who)),
        ends_(std::move(ends)),
        reachable_(reachable) {}

  /// At the first cell of which it does not hold, a mistake.
  void prove() const {
    const std::vector<Subnet> destinations =
        ends_.destinations.empty() ? std::vector<Subnet>{Subnet{{}, 0}} : ends_.destinations;
    const std::vector<PortRange> ports =
        ends_.ports.empty() ? std::vector<PortRange>{{0, 65'535}} : ends_.ports;
    const std::vector<std::uint8_t> protocols =
        ends_.protocols.empty() ? std::vector<std::uint8_t>{kProtocolTcp} : ends_.protocols;
    if (const std::size_t ends = destinations.size() * ports.size() * protocols.size();
        ends > kAssertionEndsMax) {
      builder_.mistakes.add(node_,
                            fmt::format("{} combinations of destination, port and protocol, more than {}",
                                        ends, kAssertionEndsMax),
                            "write networks and ranges, or several assertions");
      return;
    }
    for (std::size_t group = 0; group <= builder_.parts.groups.size(); ++group) {
      if (!holds(clients_.who, group) && !takes_some(group)) continue;
      for (const Subnet& destination : destinations) {
        for (const PortRange& port : ports) {
          for (const std::uint8_t protocol : protocols)
            if (!(reachable_ ? stays_reachable({group, destination, port, protocol})
                             : stays_blocked({group, destination, port, protocol})))
              return;
        }
      }
    }
  }

 private:
  /// A client of the groups that are asked for may come into this one, which stands before: it has only to
  /// say a name, or somebody to log in.
  bool takes_some(std::size_t group) const {
    const std::vector<Group>& groups = builder_.parts.groups;
    if (group == groups.size() || clients_.who.always || clients_.who.negated) return false;
    const bool by_claim =
        !groups[group].names.empty() || !groups[group].users.empty() || !groups[group].directory.empty();
    return by_claim && std::any_of(clients_.who.any_of.begin(), clients_.who.any_of.end(),
                                   [&](std::uint16_t asked) { return group < asked; });
  }

  bool refuses(const Rule& rule) const {
    return blocks(rule.then) && (!rule.monitor || builder_.parts.monitor);
  }

  bool stays_reachable(const Cell& cell) const {
    for (const Section section : {Section::kNetwork, Section::kWeb}) {
      const std::vector<Rule>& rules = builder_.parts.rules[static_cast<std::size_t>(section)];
      for (std::size_t i = 0; i < rules.size(); ++i) {
        const Share share = share_of(rules[i], cell);
        if (share == Share::kNone || !may_concern_management(rules[i].match)) continue;
        if (rules[i].then == Action::kSafeSearch) continue;  // speaks of questions for names alone
        if (refuses(rules[i])) return fails(cell, section, i, "blocks");
        if (share == Share::kAll) break;
      }
    }
    return true;
  }

  bool stays_blocked(const Cell& cell) const {
    const std::vector<Rule>& rules = builder_.parts.rules[static_cast<std::size_t>(Section::kNetwork)];
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const Share share = share_of(rules[i], cell);
      if (share == Share::kNone) continue;
      if (!refuses(rules[i])) return fails(cell, Section::kNetwork, i, "lets pass");
      if (share == Share::kAll) return true;
    }
    builder_.mistakes.add(
        node_,
        fmt::format("the assertion does not hold: no rule of the section network blocks {} at any time",
                    words(cell)),
        "add one that has no when, and of match only destination, port and protocol");
    return false;
  }

  bool fails(const Cell& cell, Section section, std::size_t number, std::string_view does) const {
    const Rule& rule = builder_.parts.rules[static_cast<std::size_t>(section)][number];
    const Node* const list = root_.find(to_string(section));
    const int line = list != nullptr && number < list->items.size() ? list->items[number].line : 0;
    builder_.mistakes.add(node_,
                          fmt::format("the assertion does not hold: rule {}, line {}, {} {}", rule.name, line,
                                      does, words(cell)),
                          reachable_ ? fmt::format("allow it in a rule before {}", rule.name)
                                     : fmt::format("block it in a rule before {}", rule.name));
    return false;
  }

  std::string clients_of(std::size_t group) const {
    const std::vector<Group>& groups = builder_.parts.groups;
    if (groups.empty()) return "clients";
    if (group == groups.size()) return "clients of no group";
    return holds(clients_.who, group)
               ? fmt::format("clients of {}", groups[group].name)
               : fmt::format("clients that {} takes by name or user", groups[group].name);
  }

  std::string words(const Cell& cell) const {
    const std::string who = clients_of(cell.group);
    const std::string ports = cell.port.low == cell.port.high
                                  ? fmt::format("port {}", cell.port.low)
                                  : fmt::format("ports {} to {}", cell.port.low, cell.port.high);
    const std::string where = cell.destination.prefix_bits == 0 ? "anywhere" : cell.destination.to_string();
    return fmt::format("{} to {}, {}", who, where, ports);
  }

  Builder& builder_;
  const Node& root_;
  const Node& node_;
  Rule clients_;
  Match ends_;
  bool reachable_;
};

std::optional<Assertion> read_assertion(Builder& builder, const Node& root, const Node& node) {
  if (!expect_map(builder, node, "an assertion")) return std::nullopt;
  check_keys(builder, node, KeyMap::kAssertion);
  const Node* const name = node.find("assert");
  if (name == nullptr || !is_name(*name)) {
    builder.mistakes.add(name == nullptr ? node : *name, "the assertion has no name", kNameAdvice);
    return std::nullopt;
  }
  Rule clients;
  compile_rule_frame(builder, node, clients);
  const Node* const match = node.find("match");
  const Node* const stays = node.find("stays");
  if (match == nullptr || stays == nullptr) {
    builder.mistakes.add(node, fmt::format("the assertion has no {}", match == nullptr ? "match" : "stays"),
                         match == nullptr ? "add match: {destination: ADDRESS, port: [22, 443]}"
                                          : "add stays: reachable, or stays: blocked");
    return std::nullopt;
  }
  Match ends = compile_ends(builder, *match);
  const auto word = word_of(builder, *stays, KeyMap::kAssertion, "stays");
  if (!word) return std::nullopt;
  return Assertion{builder, root, node, std::move(clients), std::move(ends), *word == 0U};
}

}  // namespace

void compile_assertions(Builder& builder, const Node& root, const Node& list) {
  if (list.kind != Node::Kind::kList) {
    builder.mistakes.add(list, fmt::format("assert must be a list, not {}", shown(list)),
                         "write [{assert: name, match: {...}, stays: reachable}]");
    return;
  }
  if (list.items.size() > kAssertionsMax) {
    builder.mistakes.add(list, fmt::format("{} assertions, more than {}", list.items.size(), kAssertionsMax));
    return;
  }
  std::vector<Assertion> assertions;
  for (const Node& item : list.items)
    if (auto assertion = read_assertion(builder, root, item)) assertions.push_back(std::move(*assertion));
  if (!builder.mistakes.empty()) return;  // of a policy with mistakes nothing can be proved
  for (const Assertion& assertion : assertions) assertion.prove();
}

}  // namespace weir::policy
