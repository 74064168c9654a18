// SPDX-License-Identifier: Apache-2.0
// The map `match` of a rule: which keys a section has, and what each may say.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/categories/canonical_name.h"
#include "policy/lang/app_names.h"
#include "policy/lang/builder.h"
#include "policy/lang/port_range.h"
#include "policy/lang/signatures.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

KeyMap keys_for(Section section) {
  return section == Section::kNetwork ? KeyMap::kNetworkMatch
         : section == Section::kWeb   ? KeyMap::kWebMatch
                                      : KeyMap::kEmailMatch;
}

void add_app(Builder& builder, const Node& value, Match& match) {
  constexpr std::array<std::pair<std::string_view, AppMatch::Kind>, 3> kEncryptedDns{
      {{"doh", AppMatch::Kind::kDoh}, {"dot", AppMatch::Kind::kDot}, {"doq", AppMatch::Kind::kDoq}}};
  for (const auto& [word, kind] : kEncryptedDns) {
    if (same_word(value.text, word)) {
      match.apps.push_back({kind, std::string(word)});
      return;
    }
  }
  if (const std::string_view name = app_name(value.text); !name.empty()) {
    match.apps.push_back({AppMatch::Kind::kName, std::string(name)});
    return;
  }
  const std::string_view text = value.text;
  if (text.starts_with(kCustomApp) && is_name(text.substr(kCustomApp.size()))) {
    match.apps.push_back({AppMatch::Kind::kName, value.text});
    return;
  }
  std::vector<std::string_view> known(app_names().begin(), app_names().end());
  std::string advice =
      meant(value.text, known, "names are those of nDPI 4.2, custom:NAME, and doh, dot, doq");
  builder.mistakes.add(value, fmt::format("no application is called {}", value.text), std::move(advice));
}

void add_country(Builder& builder, const Node& value, Match& match) {
  std::string code = value.text;
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  std::transform(code.begin(), code.end(), code.begin(), upper);
  const bool letters = std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (code.size() == 2 && letters) {
    match.countries.push_back(std::move(code));
  } else {
    builder.mistakes.add(value, fmt::format("{} is not a country", shown(value)),
                         "write two letters, such as CA");
  }
}

void add_asn(Builder& builder, const Node& value, Match& match) {
  std::string_view digits = value.text;
  if (digits.starts_with("AS") || digits.starts_with("as")) digits.remove_prefix(2);
  const auto number = whole_number<std::uint32_t>(digits);
  if (number && *number > 0) {
    match.asns.push_back(*number);
  } else {
    builder.mistakes.add(value, fmt::format("{} is not an autonomous system", shown(value)),
                         "write AS15169 or 15169");
  }
}

void add_destination(Builder& builder, const Node& value, Match& match) {
  if (const auto subnet = Subnet::parse(value.text)) {
    match.destinations.push_back(*subnet);
  } else {
    builder.mistakes.add(value, fmt::format("{} is not an address or subnet", shown(value)),
                         "write 192.0.2.1 or 192.0.2.0/24, with no bits set after the prefix");
  }
}

void add_port(Builder& builder, const Node& value, Match& match) {
  if (const auto range = port_range(value.text)) {
    match.ports.push_back(*range);
  } else {
    builder.mistakes.add(value, fmt::format("{} is not a port", shown(value)), kPortAdvice);
  }
}

void add_protocol(Builder& builder, const Node& value, Match& match) {
  const auto word = word_of(builder, value, KeyMap::kNetworkMatch, "protocol");
  if (word == 0U) match.protocols.push_back(kProtocolTcp);
  if (word == 1U) match.protocols.push_back(kProtocolUdp);
  if (word == 2U) match.protocols.insert(match.protocols.end(), {kProtocolIcmp, kProtocolIcmpV6});
}

void add_mail_protocol(Builder& builder, const Node& value, Match& match) {
  if (word_of(builder, value, KeyMap::kEmailMatch, "protocol")) match.mail_protocols.push_back(value.text);
}

/// A domain, or the name of a list; the rule's own domains share one set, made when the first is met.
void add_domain_or_list(Builder& builder, const Node& value, std::optional<DomainSet>& own,
                        std::vector<NamedSet>& sets) {
  const std::string& text = value.text;
  if (const auto list = builder.lists.find(text); list != builder.lists.end()) {
    sets.push_back({list->second, "list " + list->first});
    return;
  }
  if (is_name(text) || text.empty()) {  // a name without a dot can only be meant as a list
    std::vector<std::string_view> known;
    for (const auto& [name, set] : builder.lists) known.push_back(name);
    builder.mistakes.add(
        value, fmt::format("no list is called {}", shown(value)),
        meant(text, known, "declare it under lists, or write a domain such as name.example"));
    return;
  }
  if (!own) {
    own = new_set(builder, value);
    if (!own) return;
    sets.push_back({*own, "the rule's domains"});
  }
  add_domain(builder, value, *own);
}

void add_category(Builder& builder, const Node& value, Match& match) {
  if (const auto set = category_set(builder, value))
    match.categories.push_back({*set, "category " + value.text});
}

void add_address(Builder& builder, const Node& value, std::optional<DomainSet>& own, AddressMatch& into) {
  const std::size_t at = value.text.rfind('@');
  if (at == std::string::npos) {
    add_domain_or_list(builder, value, own, into.sets);
    return;
  }
  const auto domain = canonical_name(std::string_view(value.text).substr(at + 1));
  if (at == 0 || !domain) {
    builder.mistakes.add(value, fmt::format("{} is not a mail address", shown(value)),
                         "write name@domain.example");
    return;
  }
  std::string address = value.text.substr(0, at + 1) + *domain;
  into.addresses.push_back(lower_case(std::move(address)));
}

void compile_tls(Builder& builder, const Node& node, Match& match) {
  if (const auto word = word_of(builder, node, KeyMap::kEmailMatch, "tls")) match.tls = *word == 1;
}

void compile_key(Builder& builder, Section section, const Node::Entry& entry, Match& match) {
  const std::string& key = entry.key;
  if (key == "tls") {
    compile_tls(builder, entry.value, match);
    return;
  }
  if (compile_content_key(builder, entry, match)) {
    match.of_content = true;
    return;
  }
  std::optional<DomainSet> own;
  for (const Node* const value : values_of(builder, entry.value, key)) {
    if (key == "app") add_app(builder, *value, match);
    if (key == "country") add_country(builder, *value, match);
    if (key == "asn") add_asn(builder, *value, match);
    if (key == "destination") add_destination(builder, *value, match);
    if (key == "port") add_port(builder, *value, match);
    if (key == "protocol" && section == Section::kNetwork) add_protocol(builder, *value, match);
    if (key == "protocol" && section == Section::kEmail) add_mail_protocol(builder, *value, match);
    if (key == "domain") add_domain_or_list(builder, *value, own, match.domains);
    if (key == "category") add_category(builder, *value, match);
    if (key == "sender") add_address(builder, *value, own, match.sender);
    if (key == "recipient") add_address(builder, *value, own, match.recipient);
    if (key == "from") add_address(builder, *value, own, match.from);
  }
}

}  // namespace

void add_domains_and_lists(Builder& builder, const Node::Entry& entry, std::vector<NamedSet>& into) {
  std::optional<DomainSet> own;
  for (const Node* const value : values_of(builder, entry.value, entry.key))
    add_domain_or_list(builder, *value, own, into);
}

Match compile_match(Builder& builder, Section section, const Node& node) {
  Match match;
  if (!expect_map(builder, node, "match")) return match;
  if (node.entries.empty()) {
    builder.mistakes.add(node, "match names nothing", "leave match out to match everything of the section");
  }
  const KeyMap known = keys_for(section);
  for (const Node::Entry& entry : node.entries) {
    if (find_key(known, entry.key) != nullptr) {
      compile_key(builder, section, entry, match);
      continue;
    }
    constexpr std::array kSections{Section::kNetwork, Section::kWeb, Section::kEmail};
    const auto other = std::find_if(kSections.begin(), kSections.end(), [&](Section one) {
      return find_key(keys_for(one), entry.key) != nullptr;
    });
    if (other == kSections.end()) {
      Node unknown;
      unknown.entries.push_back(entry);
      check_keys(builder, unknown, is_later_key(KeyMap::kMatch, entry.key) ? KeyMap::kMatch : known);
      continue;
    }
    builder.mistakes.add(entry.line, entry.column,
                         fmt::format("{} cannot be matched in the section {}", entry.key, to_string(section)),
                         fmt::format("move the rule to the section {}", to_string(*other)));
  }
  return match;
}

Match compile_ends(Builder& builder, const Node& node) {
  Match match;
  if (!expect_map(builder, node, "match")) return match;
  check_keys(builder, node, KeyMap::kEnds);
  for (const Node::Entry& entry : node.entries)
    if (find_key(KeyMap::kEnds, entry.key) != nullptr) compile_key(builder, Section::kNetwork, entry, match);
  return match;
}

}  // namespace weir::policy
