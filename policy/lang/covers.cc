// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/covers.h"

#include <algorithm>

#include "policy/categories/canonical_name.h"
#include "policy/lang/app_names.h"

namespace weir::policy {
namespace {

/// Each of `inner` is one of `outer`, by `within(inner, outer)`; an empty `outer` was not written, and holds
/// of everything.
template <typename Value, typename Within>
bool all_within(const std::vector<Value>& outer, const std::vector<Value>& inner, Within within) {
  if (outer.empty()) return true;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(), [&](const Value& one) {
    return std::any_of(outer.begin(), outer.end(), [&](const Value& other) { return within(one, other); });
  });
}

template <typename Value>
bool all_among(const std::vector<Value>& outer, const std::vector<Value>& inner) {
  return all_within(outer, inner, [](const Value& one, const Value& other) { return one == other; });
}

bool same_app(const AppMatch& one, const AppMatch& other) {
  return one.kind == other.kind && one.name == other.name;
}

/// Of "more than": 0 was not written.
bool over_covers(std::uint64_t outer, std::uint64_t inner) { return inner >= outer; }

template <typename Value>
bool option_covers(const std::optional<Value>& outer, const std::optional<Value>& inner) {
  return !outer || outer == inner;
}

bool when_covers(const Condition& outer, const Condition& inner) {
  if (outer.always) return true;
  if (inner.always || outer.negated != inner.negated) return false;
  return outer.negated ? all_among(inner.any_of, outer.any_of) : all_among(outer.any_of, inner.any_of);
}

bool attachment_covers(const std::optional<AttachmentMatch>& outer,
                       const std::optional<AttachmentMatch>& inner) {
  if (!outer) return true;
  return inner && all_among(outer->types, inner->types) && all_among(outer->names, inner->names) &&
         over_covers(outer->over, inner->over) && option_covers(outer->encrypted, inner->encrypted);
}

/// What is said, beyond names and ends.
bool content_covers(const Match& outer, const Match& inner) {
  return all_among(outer.paths, inner.paths) && all_among(outer.methods, inner.methods) &&
         all_among(outer.files, inner.files) && all_among(outer.content_types, inner.content_types) &&
         over_covers(outer.download_over, inner.download_over) && all_among(outer.ja4, inner.ja4) &&
         (outer.tls_below == 0 || (inner.tls_below != 0 && inner.tls_below <= outer.tls_below)) &&
         (!outer.unnamed || inner.unnamed) && all_among(outer.subjects, inner.subjects) &&
         (!outer.recipients_over ||
          (inner.recipients_over && *inner.recipients_over >= *outer.recipients_over)) &&
         over_covers(outer.message_over, inner.message_over) &&
         attachment_covers(outer.attachment, inner.attachment);
}

/// A rule that blocks does not go by a guess unless it says so, one with a page lets DNS pass, one that a
/// client may click through is silent then, and safe search speaks of nothing but questions.
bool speaks_as_soon(const Rule& outer, const Rule& inner) {
  const auto shy = [](const Rule& rule) { return blocks(rule.then) && !rule.allow_guess; };
  const bool may_be_silent = (outer.then == Action::kContinue && !outer.monitor) ||
                             (outer.then == Action::kSafeSearch && inner.then != Action::kSafeSearch);
  return (!shy(outer) || shy(inner)) && (!shows_page(outer.then) || shows_page(inner.then)) && !may_be_silent;
}

/// Some exception silences the one and not the other.
bool excepted_alone(const std::vector<Exception>& exceptions, const Rule& outer, const Rule& inner) {
  const auto names = [](const Exception& one, const Rule& rule) {
    return std::find(one.rules.begin(), one.rules.end(), rule.name) != one.rules.end();
  };
  return std::any_of(exceptions.begin(), exceptions.end(),
                     [&](const Exception& one) { return names(one, outer) && !names(one, inner); });
}

}  // namespace

Coverage::Coverage(const Builder& builder) : builder_(builder) {
  for (std::size_t group = 0; group < builder.parts.groups.size(); ++group)
    if (names_nobody(group)) nobody_.set(group);
}

bool Coverage::names_nobody(std::size_t number) const {
  const std::vector<Group>& groups = builder_.parts.groups;
  const Group& group = groups[number];
  const auto held = [&](const auto& values, const auto Group::*field, auto within) {
    return std::all_of(values.begin(), values.end(), [&](const auto& value) {
      return std::any_of(groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(number),
                         [&](const Group& earlier) {
                           const auto& others = earlier.*field;
                           return std::any_of(others.begin(), others.end(),
                                              [&](const auto& other) { return within(value, other); });
                         });
    });
  };
  const auto equal = [](const auto& one, const auto& other) { return one == other; };
  return held(group.subnets, &Group::subnets, subnet_within) && held(group.vlans, &Group::vlans, equal) &&
         held(group.macs, &Group::macs, equal) && names_held(number) &&
         held(group.users, &Group::users,
              [](std::string_view one, std::string_view other) {
                return pattern_within(one, other, user_part);
              }) &&
         held(group.directory, &Group::directory, same_word);  // whoever is in it, now and later
}

/// Each of the group's host names is one of an earlier group, wherever it was seen.
bool Coverage::names_held(std::size_t number) const {
  const std::vector<Group>& groups = builder_.parts.groups;
  const Group& group = groups[number];
  return std::all_of(group.names.begin(), group.names.end(), [&](std::string_view name) {
    return std::any_of(
        groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(number), [&](const Group& earlier) {
          if ((group.names_from & ~earlier.names_from) != 0) return false;
          return std::any_of(earlier.names.begin(), earlier.names.end(),
                             [&](std::string_view other) { return pattern_within(name, other, host_label); });
        });
  });
}

Coverage::Clients Coverage::clients_of(const Condition& who) const {
  const std::size_t groups = builder_.parts.groups.size();
  Clients all;
  for (std::size_t i = 0; i <= groups; ++i) all.set(i);
  Clients named;
  for (const std::uint16_t group : who.any_of) named.set(group);
  return (who.always ? all : who.negated ? all & ~named : named) & ~nobody_;
}

bool Coverage::who_covers(const Condition& outer, const Condition& inner) const {
  return (clients_of(inner) & ~clients_of(outer)).none();
}

/// By its number; or name by name, where the policy text has them. What lies below a name is in the sets of
/// the name as well, save in imported categories, from which a name may be taken out: those have no patterns.
bool Coverage::set_covered(const std::vector<NamedSet>& outer, DomainSet inner) const {
  const auto is_inner = [&](const NamedSet& set) { return set.set == inner; };
  if (std::any_of(outer.begin(), outer.end(), is_inner)) return true;
  const auto written = builder_.written_domains.find(inner);
  if (written == builder_.written_domains.end() || !written->second.whole) return false;
  DomainMatches sets;
  for (const NamedSet& set : outer)
    if (builder_.written_domains.contains(set.set)) sets.set(index_of(set.set));
  const std::vector<std::string>& patterns = written->second.patterns;
  return std::all_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    const bool below_only = pattern.starts_with("*.");
    std::string name = canonical_name(below_only ? pattern.substr(2) : pattern).value_or("");
    if (below_only) name.insert(0, "any-host-below.");
    DomainMatches matches;
    builder_.parts.domains.lookup(name, matches);
    return (matches & sets).any();
  });
}

bool Coverage::domains_cover(const std::vector<NamedSet>& outer, const std::vector<NamedSet>& inner) const {
  if (outer.empty()) return true;
  return !inner.empty() && std::all_of(inner.begin(), inner.end(),
                                       [&](const NamedSet& set) { return set_covered(outer, set.set); });
}

bool Coverage::addresses_cover(const AddressMatch& outer, const AddressMatch& inner) const {
  if (outer.empty()) return true;
  if (inner.empty()) return false;
  return (inner.sets.empty() || (!outer.sets.empty() && domains_cover(outer.sets, inner.sets))) &&
         (inner.addresses.empty() ||
          (!outer.addresses.empty() && all_among(outer.addresses, inner.addresses)));
}

bool Coverage::match_covers(const Match& outer, const Match& inner) const {
  return all_within(outer.apps, inner.apps, same_app) && all_among(outer.countries, inner.countries) &&
         all_among(outer.asns, inner.asns) &&
         all_within(outer.destinations, inner.destinations, subnet_within) &&
         all_within(outer.ports, inner.ports, port_within) && all_among(outer.protocols, inner.protocols) &&
         domains_cover(outer.domains, inner.domains) && domains_cover(outer.categories, inner.categories) &&
         all_among(outer.mail_protocols, inner.mail_protocols) &&
         addresses_cover(outer.sender, inner.sender) && addresses_cover(outer.recipient, inner.recipient) &&
         addresses_cover(outer.from, inner.from) && option_covers(outer.tls, inner.tls) &&
         content_covers(outer, inner);
}

bool Coverage::covers(const Rule& outer, const Rule& inner) const {
  if (outer.quota) return false;  // until it is used up the rule says nothing
  return who_covers(outer.who, inner.who) && when_covers(outer.when, inner.when) &&
         match_covers(outer.match, inner.match) && speaks_as_soon(outer, inner) &&
         !excepted_alone(builder_.parts.exceptions, outer, inner);
}

/// A set, and those that hold the first name of it.
void Coverage::add_set(RuleIndex::Question& question, Dimension dimension, DomainSet inner) const {
  DomainMatches sets;
  sets.set(index_of(inner));
  const auto written = builder_.written_domains.find(inner);
  if (written != builder_.written_domains.end() && !written->second.patterns.empty()) {
    const std::string_view first = written->second.patterns[0];
    const bool below_only = first.starts_with("*.");
    const std::string name = canonical_name(below_only ? first.substr(2) : first).value_or("");
    builder_.parts.domains.lookup(below_only ? "any-host-below." + name : name, sets);
  }
  for (std::size_t set = sets._Find_first(); set < sets.size(); set = sets._Find_next(set))
    question.add(dimension, set);
}

/// Whoever covers a rule matches, of each key that this has, its first value.
RuleIndex::Candidates Coverage::may_cover(const RuleIndex& index, const Rule& inner) const {
  RuleIndex::Question question{index};
  const Match& match = inner.match;
  const auto first = [&](Dimension dimension, const auto& values, auto&& add) {
    if (!values.empty() && question.asks(dimension)) add(values[0]);
  };
  const auto number = [&](Dimension dimension) {
    return [&question, dimension](std::uint64_t value) { question.add(dimension, value); };
  };
  const auto word = [&](Dimension dimension) {
    return [&question, dimension](const std::string& value) { question.add(dimension, hash_of_word(value)); };
  };
  const auto set = [&](Dimension dimension) {
    return [&, dimension](const NamedSet& value) { add_set(question, dimension, value.set); };
  };
  const Clients clients = clients_of(inner.who);
  if (question.asks(Dimension::kWho) && clients.any()) question.add(Dimension::kWho, clients._Find_first());
  first(Dimension::kProtocol, match.protocols, number(Dimension::kProtocol));
  first(Dimension::kPort, match.ports, [&](const PortRange& range) { question.add_port(range.low); });
  first(Dimension::kDestination, match.destinations,
        [&](const Subnet& subnet) { question.add_destination(subnet.base); });
  first(Dimension::kAsn, match.asns, number(Dimension::kAsn));
  first(Dimension::kCountry, match.countries, word(Dimension::kCountry));
  first(Dimension::kApp, match.apps, [&](const AppMatch& app) { word(Dimension::kApp)(app.name); });
  first(Dimension::kDomain, match.domains, set(Dimension::kDomain));
  first(Dimension::kCategory, match.categories, set(Dimension::kCategory));
  first(Dimension::kMailProtocol, match.mail_protocols, word(Dimension::kMailProtocol));
  for (const auto& [dimension, addresses] :
       {std::pair{Dimension::kSender, &match.sender}, std::pair{Dimension::kRecipient, &match.recipient}}) {
    first(dimension, addresses->sets, set(dimension));
    first(dimension, addresses->addresses, word(dimension));
  }
  return index.candidates(question);
}

}  // namespace weir::policy
