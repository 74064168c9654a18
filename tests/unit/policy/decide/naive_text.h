// SPDX-License-Identifier: Apache-2.0
// Policies as plain values, and the text of such a policy.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/model/decision.h"

namespace weir::policy::naive {

struct NamedValues {
  std::string name;
  std::vector<std::string> values;
};

struct Group {
  std::string name;
  std::vector<std::string> hosts{}, subnets{}, macs{}, names{}, names_from{}, users{};
  std::vector<int> vlans{};
};

/// Days count from Monday, minutes from midnight; an end at or before its begin is on the next day.
struct Schedule {
  std::string name;
  std::vector<int> days{};  // empty: every day
  std::vector<std::pair<int, int>> hours{};
};

struct Named {
  std::vector<std::string> names;
  bool negated = false;
};

struct Rule {
  std::string name;
  std::optional<Named> who, when;
  std::vector<std::string> apps, countries, destinations,
      protocols;  // network; apps and countries in web too
  std::vector<int> asns;
  std::vector<std::pair<int, int>> ports;
  std::vector<std::string> domains, categories;                  // web: domains or lists
  std::vector<std::string> mail_protocols, senders, recipients;  // email
  std::string tls;
  std::vector<std::string> paths, methods, content_types;     // web: patterns
  std::vector<std::string> from, subjects, attachment_types;  // email
  std::optional<int> recipients_over;
  bool encrypted = false;  // an attachment is
  Action then = Action::kBlock;
  bool monitor = false;
  bool allow_guess = false;
  std::optional<int> quota_flows;  // a day
  std::string quota_per;
};

struct Authorised {
  std::string product;
  std::optional<int> least{}, below{};  // whole versions
  std::string until{};                  // "2026-03-08"; empty: for good
};

struct Unauthorised {
  std::string product;
  Action then = Action::kReport;
  bool allow_guess = false;
};

struct Policy {
  std::string zone = "UTC";
  bool monitor = false;
  std::vector<Group> groups;
  std::vector<Schedule> schedules;
  std::vector<NamedValues> lists;  // values: patterns
  std::vector<NamedValues> categories;
  std::vector<Rule> rules[3];
  std::optional<Action> unknown;
  std::vector<Authorised> authorised;
  std::vector<Unauthorised> unauthorised;
};

inline std::string listed(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text += (text.size() > 1 ? ", '" : "'") + value + "'";
  return text + "]";
}

template <typename T, typename Shown>
std::vector<std::string> words(const std::vector<T>& values, Shown shown) {
  std::vector<std::string> texts;
  for (const T& value : values) texts.push_back(shown(value));
  return texts;
}

inline std::vector<std::string> words(const std::vector<int>& numbers) {
  return words(numbers, [](int number) { return std::to_string(number); });
}

inline std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

inline std::string hours_of(std::pair<int, int> span) {
  const auto clock = [](int minute) { return two_digits(minute / 60) + ":" + two_digits(minute % 60); };
  return clock(span.first) + "-" + clock(span.second);
}

inline std::string port_of(std::pair<int, int> range) {
  const std::string low = std::to_string(range.first);
  return range.first == range.second ? low : low + "-" + std::to_string(range.second);
}

/// A flow map, of the keys that have values.
class Keys {
 public:
  void add(const char* name, const std::string& value) {
    if (!value.empty()) text_ += (text_.empty() ? "" : ", ") + std::string(name) + ": " + value;
  }
  void add(const char* name, const std::vector<std::string>& values) {
    if (!values.empty()) add(name, listed(values));
  }
  void add(const char* name, const std::optional<Named>& named) {
    if (named) add(name, named->negated ? "{not: " + listed(named->names) + "}" : listed(named->names));
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::string map() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

inline std::string text_of(const Rule& rule) {
  Keys match;
  match.add("app", rule.apps);
  match.add("country", rule.countries);
  match.add("destination", rule.destinations);
  match.add("protocol", rule.protocols);
  match.add("asn", words(rule.asns));
  match.add("port", words(rule.ports, port_of));
  match.add("domain", rule.domains);
  match.add("category", rule.categories);
  match.add("protocol", rule.mail_protocols);
  match.add("sender", rule.senders);
  match.add("recipient", rule.recipients);
  match.add("tls", rule.tls);
  match.add("path", rule.paths);
  match.add("method", rule.methods);
  match.add("content_type", rule.content_types);
  match.add("from", rule.from);
  match.add("subject", rule.subjects);
  if (rule.recipients_over) match.add("recipients_over", std::to_string(*rule.recipients_over));
  Keys attachment;
  attachment.add("type", rule.attachment_types);
  if (rule.encrypted) attachment.add("encrypted", std::string("true"));
  if (!attachment.empty()) match.add("attachment", attachment.map());
  Keys keys;
  keys.add("rule", rule.name);
  keys.add("who", rule.who);
  keys.add("when", rule.when);
  if (!match.empty()) keys.add("match", match.map());
  keys.add("then", std::string(to_string(rule.then)));
  if (rule.quota_flows) {
    Keys quota;
    quota.add("flows", std::to_string(*rule.quota_flows));
    quota.add("per", rule.quota_per);
    quota.add("every", std::string("day"));
    keys.add("quota", quota.map());
  }
  if (rule.then == Action::kLimit) keys.add("rate", std::string("1 Mbit/s"));
  if (rule.monitor) keys.add("mode", std::string("monitor"));
  if (rule.allow_guess) keys.add("allow_guess", std::string("true"));
  return "  - " + keys.map() + "\n";
}

inline std::string text_of(const Group& group) {
  Keys keys;
  keys.add("hosts", group.hosts);
  keys.add("subnets", group.subnets);
  std::string vlans;
  for (const int vlan : group.vlans) vlans += (vlans.empty() ? "[" : ", ") + std::to_string(vlan);
  if (!vlans.empty()) keys.add("vlans", vlans + "]");
  keys.add("macs", group.macs);
  keys.add("names", group.names);
  keys.add("names_from", group.names_from);
  keys.add("users", group.users);
  return "  " + group.name + ": " + keys.map() + "\n";
}

inline std::string text_of(const Schedule& schedule) {
  static const std::vector<std::string> days{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  Keys keys;
  keys.add("days", words(schedule.days, [](int day) { return days[static_cast<std::size_t>(day)]; }));
  keys.add("hours", words(schedule.hours, hours_of));
  return "  " + schedule.name + ": " + keys.map() + "\n";
}

inline std::string text_of(const Authorised& entry) {
  std::string versions = entry.least ? ">=" + std::to_string(*entry.least) : "";
  if (entry.below) versions += (versions.empty() ? "<" : " <") + std::to_string(*entry.below);
  Keys keys;
  keys.add("product", entry.product);
  if (!versions.empty()) keys.add("versions", "\"" + versions + "\"");
  keys.add("until", entry.until);
  return "    - " + keys.map() + "\n";
}

inline std::string text_of(const Unauthorised& entry) {
  Keys keys;
  keys.add("product", entry.product);
  keys.add("then", std::string(to_string(entry.then)));
  if (entry.allow_guess) keys.add("allow_guess", std::string("true"));
  return "    - " + keys.map() + "\n";
}

inline std::string text_of(const Policy& policy) {
  std::string text = "timezone: " + policy.zone + "\n" + (policy.monitor ? "mode: monitor\n" : "");
  const auto all = [&](const std::string& key, const auto& values) {
    if (!values.empty()) text += key + ":\n";
    for (const auto& value : values) text += text_of(value);
  };
  const auto sets = [&](const std::string& key, const std::vector<NamedValues>& values) {
    if (!values.empty()) text += key + ":\n";
    for (const NamedValues& one : values)
      text += "  " + one.name + ": {domains: " + listed(one.values) + "}\n";
  };
  all("groups", policy.groups);
  all("schedules", policy.schedules);
  sets("lists", policy.lists);
  sets("categories", policy.categories);
  all("network", policy.rules[0]);
  all("web", policy.rules[1]);
  all("email", policy.rules[2]);
  if (!policy.unknown) return text;
  text += std::string("software:\n  unknown: ") + to_string(*policy.unknown) + "\n";
  all("  authorised", policy.authorised);
  all("  unauthorised", policy.unauthorised);
  return text;
}

}  // namespace weir::policy::naive
