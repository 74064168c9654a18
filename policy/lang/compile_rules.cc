// SPDX-License-Identifier: Apache-2.0
// Rules of the sections network, web and email, and what every rule has in common with a product of the
// section software.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policy/lang/builder.h"
#include "policy/lang/rate_text.h"
#include "policy/lang/words.h"
#include "policy/model/duration.h"

namespace weir::policy {
namespace {

/// Indices of the names in `node` (one, a list, or {not: ...}) among `known`.
template <typename Named>
Condition compile_condition(Builder& builder, const Node& node, std::string_view key, std::string_view kind,
                            const std::vector<Named>& known) {
  Condition condition;
  condition.always = false;
  const Node* names = &node;
  if (node.kind == Node::Kind::kMap) {
    check_keys(builder, node, KeyMap::kNot);
    names = node.find("not");
    condition.negated = true;
    if (names == nullptr) {
      builder.mistakes.add(node, fmt::format("{} names nothing", key),
                           fmt::format("write a {}, a list of them, or {{not: ...}}", kind));
      return condition;
    }
  }
  for (const Node* const name : values_of(builder, *names, key)) {
    const auto at =
        std::find_if(known.begin(), known.end(), [&](const Named& one) { return one.name == name->text; });
    if (at != known.end()) {
      condition.any_of.push_back(static_cast<std::uint16_t>(at - known.begin()));
      continue;
    }
    std::vector<std::string_view> names_known;
    for (const Named& one : known) names_known.push_back(one.name);
    builder.mistakes.add(*name, fmt::format("no {} is called {}", kind, shown(*name)),
                         meant(name->text, names_known, fmt::format("declare it under {}s", kind)));
  }
  return condition;
}

template <typename Named>
std::string condition_text(const Condition& condition, const std::vector<Named>& known) {
  if (condition.always) return {};
  std::string text = condition.negated ? "not " : "";
  for (std::size_t i = 0; i < condition.any_of.size(); ++i) {
    text += (i > 0 ? ", " : "") + known[condition.any_of[i]].name;
  }
  return text;
}

/// "category gambling; port 443, 8443", as it is written.
std::string match_text(const Node* match) {
  if (match == nullptr) return {};
  std::string text;
  for (const Node::Entry& entry : match->entries) {
    text += (text.empty() ? "" : "; ") + entry.key + " ";
    if (entry.value.kind == Node::Kind::kScalar) text += entry.value.text;
    for (std::size_t i = 0; i < entry.value.items.size(); ++i)
      text += (i > 0 ? ", " : "") + entry.value.items[i].text;
  }
  return text;
}

/// `safe_search`, `refuse`, `continue` and `page` belong to one section each.
std::string_view advice_for_then(Section section) {
  switch (section) {
    case Section::kEmail:
      return "write allow, report, limit, refuse or block";
    case Section::kWeb:
      return "write allow, report, limit, safe_search, continue, page or block";
    default:
      return "write allow, report, limit or block";
  }
}

void compile_then(Builder& builder, const Node& node, Section section, Action& then) {
  constexpr std::array<std::string_view, 4> kLater{"redirect", "quarantine", "shape", "reset"};
  const std::string advice(advice_for_then(section));
  const auto action = node.kind == Node::Kind::kScalar ? action_of(node.text) : std::nullopt;
  const bool of_web = action && (shows_page(*action) || action == Action::kSafeSearch);
  const Section belongs = of_web ? Section::kWeb : action == Action::kRefuse ? Section::kEmail : section;
  if (action && belongs == section) {
    then = *action;
  } else if (action) {
    builder.mistakes.add(
        node, fmt::format("then: {} is for rules of the section {}", node.text, to_string(belongs)), advice);
  } else if (std::find(kLater.begin(), kLater.end(), node.text) != kLater.end()) {
    builder.mistakes.add(node, fmt::format("then: {} is not available in this version", node.text), advice);
  } else {
    builder.mistakes.add(node, fmt::format("then is {}", shown(node)), advice);
  }
}

/// `rate` and `per`, which `then: limit` needs and nothing else has.
void compile_limit(Builder& builder, const Node& node, Rule& rule) {
  const Node* const rate = node.find("rate");
  const Node* const per = node.find("per");
  if (rule.then != Action::kLimit) {
    for (const Node* const extra : {rate, per}) {
      if (extra != nullptr)
        builder.mistakes.add(*extra, "rate and per belong to then: limit",
                             "write then: limit, or leave them out");
    }
    return;
  }
  if (rate == nullptr) {
    builder.mistakes.add(node, "the rule limits and does not say to what", "add rate: 2 Mbit/s");
  } else if (const auto bytes = bytes_per_second(rate->text); bytes && rate->kind == Node::Kind::kScalar) {
    rule.limit.bytes_s = *bytes;
  } else {
    builder.mistakes.add(*rate, fmt::format("rate is {}", shown(*rate)), kRateAdvice);
  }
  if (per != nullptr) rule.limit.per_client = word_of(builder, *per, KeyMap::kRule, "per") == 0U;
}

/// `for`, which nothing but `then: continue` has.
void compile_click_for(Builder& builder, const Node& node, Rule& rule) {
  const Node* const lasts = node.find("for");
  if (lasts == nullptr) return;
  if (rule.then != Action::kContinue) {
    builder.mistakes.add(*lasts, "for belongs to then: continue", "write then: continue, or leave it out");
    return;
  }
  const auto duration = lasts->kind == Node::Kind::kScalar ? parse_duration(lasts->text) : Result<TimeNs>{0};
  if (duration && *duration >= kClickForMin && *duration <= kClickForMax) {
    rule.click_for = *duration;
  } else {
    builder.mistakes.add(*lasts, fmt::format("for is {}", shown(*lasts)),
                         "write a time from 1m to 24h, such as 30m or 2h");
  }
}

/// `youtube`, which nothing but `then: safe_search` has.
void compile_youtube(Builder& builder, const Node& node, Rule& rule) {
  const Node* const youtube = node.find("youtube");
  if (youtube == nullptr) return;
  if (rule.then != Action::kSafeSearch) {
    builder.mistakes.add(*youtube, "youtube belongs to then: safe_search",
                         "write then: safe_search, or leave it out");
    return;
  }
  rule.moderate = word_of(builder, *youtube, KeyMap::kRule, "youtube") == 1U;
}

void compile_tell(Builder& builder, const Node* node, std::string_view key, std::string& into) {
  if (node == nullptr) return;
  into = builder.mistakes.text(*node, key);
  if (into.size() > kTellBytesMax) {
    builder.mistakes.add(*node,
                         fmt::format("{} has {} bytes, more than {}", key, into.size(), kTellBytesMax));
  }
}

void compile_rule(Builder& builder, Section section, const Node& node) {
  if (!expect_map(builder, node, "a rule")) return;
  check_keys(builder, node, KeyMap::kRule);
  Rule rule;
  rule.section = section;
  if (const Node* const name = node.find("rule"); name == nullptr) {
    builder.mistakes.add(node, "the rule has no name",
                         "add rule: a-name, which events and reports will show");
  } else if (!is_name(*name)) {
    builder.mistakes.add(*name, fmt::format("{} is not a name for a rule", shown(*name)), kNameAdvice);
  } else {
    rule.name = name->text;
    claim_rule_name(builder, *name, rule.name);
  }
  compile_rule_frame(builder, node, rule);
  compile_click_for(builder, node, rule);
  compile_youtube(builder, node, rule);
  const Node* const match = node.find("match");
  if (match != nullptr) rule.match = compile_match(builder, section, *match);
  if (node.find("then") == nullptr) {
    builder.mistakes.add(node, "the rule does not say what to do",
                         "add then: block, or what else it should do");
  }
  if (const Node* const quota = node.find("quota")) compile_quota(builder, *quota, rule);
  if (rule.allow_guess && rule.match.apps.empty() && rule.match.mail_protocols.empty()) {
    builder.mistakes.add(*node.find("allow_guess"), "allow_guess without an application to guess",
                         "it belongs to rules that match app or a mail protocol");
  }
  builder.parts.summaries.push_back({rule.name, section, condition_text(rule.who, builder.parts.groups),
                                     condition_text(rule.when, builder.parts.schedules), match_text(match),
                                     rule.then, rule.severity, rule.monitor, rule.tell_officer, node.line});
  builder.parts.rules[static_cast<std::size_t>(section)].push_back(std::move(rule));
}

}  // namespace

void compile_rule_frame(Builder& builder, const Node& node, Rule& rule) {
  if (const Node* const who = node.find("who")) {
    rule.who = compile_condition(builder, *who, "who", "group", builder.parts.groups);
  }
  if (const Node* const when = node.find("when")) {
    rule.when = compile_condition(builder, *when, "when", "schedule", builder.parts.schedules);
  }
  if (const Node* const then = node.find("then")) compile_then(builder, *then, rule.section, rule.then);
  compile_limit(builder, node, rule);
  if (const Node* const severity = node.find("severity")) {
    if (const auto word = word_of(builder, *severity, KeyMap::kRule, "severity"))
      rule.severity = static_cast<Severity>(*word);
  }
  rule.monitor = builder.parts.monitor;
  if (const Node* const mode = node.find("mode")) {
    if (mode->kind == Node::Kind::kScalar && mode->text == "monitor") {
      rule.monitor = true;
    } else {
      builder.mistakes.add(*mode, fmt::format("mode is {}", shown(*mode)),
                           "write monitor, or leave it out to enforce");
    }
  }
  if (const Node* const guess = node.find("allow_guess")) {
    rule.allow_guess = builder.mistakes.boolean(*guess, "allow_guess").value_or(false);
  }
  compile_tell(builder, node.find("tell_user"), "tell_user", rule.tell_user);
  compile_tell(builder, node.find("tell_officer"), "tell_officer", rule.tell_officer);
}

void claim_rule_name(Builder& builder, const Node& at, const std::string& name) {
  const auto [first, inserted] = builder.rule_lines.try_emplace(name, at.line);
  if (!inserted) {
    builder.mistakes.add(at, fmt::format("a rule is already called {}, on line {}", name, first->second),
                         "give each rule its own name");
  }
}

void compile_rules(Builder& builder, Section section, const Node& rules) {
  if (rules.kind != Node::Kind::kList) {
    builder.mistakes.add(rules,
                         fmt::format("{} must be a list of rules, not {}", to_string(section), shown(rules)),
                         "write - {rule: name, match: {...}, then: block}");
    return;
  }
  if (builder.parts.summaries.size() + rules.items.size() > kRulesMax) {
    builder.mistakes.add(rules, fmt::format("more than {} rules in one policy", kRulesMax));
    return;
  }
  for (const Node& rule : rules.items) compile_rule(builder, section, rule);
}

}  // namespace weir::policy
