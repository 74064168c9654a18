// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/analysis.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policy/lang/builder.h"
#include "policy/lang/covers.h"
#include "policy/lang/detectors.h"

namespace weir::policy {
namespace {

class Analysis {
 public:
  Analysis(const Builder& builder, const Node& root)
      : builder_(builder), root_(root), warnings_(builder.options.file), coverage_(builder) {}

  std::vector<Error> run() {
    groups();
    for (const Section section : {Section::kNetwork, Section::kWeb, Section::kEmail}) rules(section);
    unused("schedules", "schedule", "write it under when:", [&](std::string_view name) {
      return some_rule([&](const Rule& rule) { return has_schedule(rule.when, name); }) ||
             some_detector([&](const DetectorSettings& one) { return has_schedule(one.when, name); });
    });
    unused("lists", "list", "write its name among a rule's domains", [&](std::string_view name) {
      const auto list = builder_.lists.find(name);
      return list == builder_.lists.end() ||
             some_rule([&](const Rule& rule) { return has_set(rule.match, list->second); }) ||
             some_detector([&](const DetectorSettings& one) { return in(one.except_domains, list->second); });
    });
    return warnings_.take();
  }

 private:
  void groups() {
    const Node* const map = root_.find("groups");
    for (std::size_t i = 0; i < builder_.parts.groups.size(); ++i) {
      if (map == nullptr || !coverage_.names_nobody(i)) continue;
      const Node::Entry& at = map->entries[i];
      warnings_.add(at.line, at.column,
                    fmt::format("group {} names nobody: earlier groups hold all of its clients", at.key),
                    "put it before them, or remove it");
    }
  }

  void rules(Section section) {
    const std::vector<Rule>& rules = builder_.parts.rules[static_cast<std::size_t>(section)];
    const RuleIndex& index = builder_.parts.rule_indices[static_cast<std::size_t>(section)];
    const Node* const list = root_.find(to_string(section));
    for (std::size_t i = 0; list != nullptr && i < rules.size(); ++i) {
      if (coverage_.concerns_nobody(rules[i].who)) continue;  // its groups are said
      const auto is_silent = [&](std::size_t earlier) {
        if (earlier >= i) return true;
        if (!coverage_.covers(rules[earlier], rules[i])) return false;
        say_silent(list->items[i], rules[i], rules[earlier], list->items[earlier].line);
        return true;
      };
      static_cast<void>(coverage_.may_cover(index, rules[i]).any(is_silent));
    }
  }

  void say_silent(const Node& at, const Rule& rule, const Rule& first, int line) {
    const bool same = rule.then == first.then && rule.monitor == first.monitor &&
                      rule.limit.bytes_s == first.limit.bytes_s &&
                      rule.limit.per_client == first.limit.per_client;
    const auto said = [](const Rule& one) {
      return fmt::format("{}{}", to_string(one.then), one.monitor ? " (monitor)" : "");
    };
    if (same) {
      warnings_.add(
          at,
          fmt::format("rule {} never speaks: {}, line {}, takes all that it matches and says {} as well",
                      rule.name, first.name, line, said(rule)),
          "remove it");
      return;
    }
    warnings_.add(
        at,
        fmt::format("rule {} never speaks: {}, line {}, takes all that it matches and says {}, not {}; "
                    "for example {}",
                    rule.name, first.name, line, said(first), said(rule), example_of(rule)),
        fmt::format("put it before {}, or narrow that", first.name));
  }

  /// A flow that the rule would match, in words.
  std::string example_of(const Rule& rule) const {
    const Match& match = rule.match;
    std::vector<std::string> parts;
    const auto take = [&](bool written, const auto& words) {
      if (written) parts.push_back(words());
    };
    const auto first_set = [&](const std::vector<NamedSet>& sets) {
      const auto written = builder_.written_domains.find(sets[0].set);
      const bool known = written != builder_.written_domains.end() && !written->second.patterns.empty();
      return known ? written->second.patterns[0] : sets[0].label;
    };
    const auto first_address = [&](const AddressMatch& one) {
      return one.addresses.empty() ? first_set(one.sets) : one.addresses[0];
    };
    take(!rule.who.always && !rule.who.negated && !rule.who.any_of.empty(),
         [&] { return fmt::format("a client of {}", builder_.parts.groups[rule.who.any_of[0]].name); });
    take(!match.domains.empty(), [&] { return first_set(match.domains); });
    take(!match.categories.empty(), [&] { return first_set(match.categories); });
    take(!match.apps.empty(), [&] { return match.apps[0].name; });
    take(!match.destinations.empty(), [&] { return match.destinations[0].base.to_string(); });
    take(!match.protocols.empty(), [&] { return fmt::format("IP protocol {}", match.protocols[0]); });
    take(!match.ports.empty(), [&] { return fmt::format("port {}", match.ports[0].low); });
    take(!match.countries.empty(), [&] { return fmt::format("country {}", match.countries[0]); });
    take(!match.asns.empty(), [&] { return fmt::format("AS{}", match.asns[0]); });
    take(!match.mail_protocols.empty(), [&] { return match.mail_protocols[0]; });
    take(!match.sender.empty(), [&] { return fmt::format("from {}", first_address(match.sender)); });
    take(!match.recipient.empty(), [&] { return fmt::format("to {}", first_address(match.recipient)); });
    take(!match.paths.empty(), [&] { return fmt::format("path {}", match.paths[0]); });
    take(!match.files.empty(), [&] { return fmt::format("file {}", match.files[0]); });
    return parts.empty() ? "whatever it matches" : fmt::format("{}", fmt::join(parts, ", "));
  }

  template <typename Used>
  void unused(std::string_view key, std::string_view kind, std::string_view advice, Used used) {
    const Node* const map = root_.find(key);
    if (map == nullptr) return;
    for (const Node::Entry& entry : map->entries) {
      if (used(entry.key)) continue;
      warnings_.add(entry.line, entry.column, fmt::format("{} {} is used by no rule", kind, entry.key),
                    fmt::format("{}, or remove it", advice));
    }
  }

  template <typename Holds>
  bool some_rule(Holds holds) const {
    const PolicyParts& parts = builder_.parts;
    const auto in = [&](const std::vector<Rule>& rules) {
      return std::any_of(rules.begin(), rules.end(), holds);
    };
    return std::any_of(std::begin(parts.rules), std::end(parts.rules), in) || holds(parts.software.unknown) ||
           std::any_of(parts.software.unauthorised.begin(), parts.software.unauthorised.end(),
                       [&](const UnauthorisedProduct& product) { return holds(product.rule); });
  }

  bool has_schedule(const Condition& when, std::string_view name) const {
    return std::any_of(when.any_of.begin(), when.any_of.end(),
                       [&](std::uint16_t i) { return builder_.parts.schedules[i].name == name; });
  }

  template <typename Holds>
  bool some_detector(Holds holds) const {
    const auto& detect = builder_.parts.detect;
    return detect && std::any_of(detect->detectors.begin(), detect->detectors.end(), holds);
  }

  static bool in(const std::vector<NamedSet>& sets, DomainSet set) {
    return std::any_of(sets.begin(), sets.end(), [&](const NamedSet& one) { return one.set == set; });
  }

  static bool has_set(const Match& match, DomainSet set) {
    return in(match.domains, set) || in(match.sender.sets, set) || in(match.recipient.sets, set) ||
           in(match.from.sets, set);
  }

  const Builder& builder_;
  const Node& root_;
  Mistakes warnings_;
  Coverage coverage_;
};

}  // namespace

std::vector<Error> analyse(const Builder& builder, const Node& root) { return Analysis(builder, root).run(); }

std::string warning_text(const Error& warning) {
  return fmt::format("{}:{}:{}: warning: {} ({})", warning.at.file, warning.at.line, warning.at.column,
                     warning.what, warning.advice);
}

}  // namespace weir::policy
