// SPDX-License-Identifier: Apache-2.0
// Exceptions: of the policy's list `exceptions`, whose mistakes are the policy's, and of the file beside it,
// where one that does not fit the policy (its group is gone) lifts nothing and is told.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/categories/canonical_name.h"
#include "policy/lang/builder.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

class ExceptionReader {
 public:
  ExceptionReader(Builder& builder, const Node& node) : builder_(builder), node_(node) {}

  Exception read() {
    check_keys(builder_, node_, KeyMap::kException);
    made_.line = node_.line;
    read_name();
    read_subject();
    read_object();
    read_end();
    made_.owner = needed_text("owner", "who answers for it");
    made_.reason = needed_text("reason", "why it was made");
    return std::move(made_);
  }

 private:
  void mistake(const Node& at, std::string what, std::string advice) {
    builder_.mistakes.add(at, std::move(what), std::move(advice));
  }

  void read_name() {
    const Node* const name = node_.find("exception");
    if (name == nullptr) return mistake(node_, "the exception has no name", "add exception: a-name");
    if (!is_name(*name))
      return mistake(*name, fmt::format("{} is not a name for an exception", shown(*name)), kNameAdvice);
    made_.name = name->text;
    const auto same = [&](const Exception& one) { return one.name == made_.name; };
    if (std::ranges::any_of(builder_.parts.exceptions, same))
      mistake(*name, fmt::format("an exception is already called {}", made_.name),
              "give each exception its own name");
  }

  template <typename Add>
  void each(std::string_view key, Add add) {
    const Node* const node = node_.find(key);
    if (node == nullptr) return;
    for (const Node* const value : values_of(builder_, *node, key)) add(*value);
  }

  void read_subject() {
    each("client", [&](const Node& value) {
      const auto subnet = Subnet::parse(value.text);
      if (!subnet)
        return mistake(value, fmt::format("{} is not an address or subnet", shown(value)),
                       "write 10.0.0.1 or 10.0.0.0/24, with no bits set after the prefix");
      made_.clients.push_back(*subnet);
    });
    each("mac", [&](const Node& value) {
      const auto mac = MacAddress::parse(value.text);
      if (!mac)
        return mistake(value, fmt::format("{} is not a MAC address", shown(value)),
                       "write 02:00:00:00:00:01");
      made_.macs.push_back(*mac);
    });
    each("group", [&](const Node& value) {
      const auto& groups = builder_.parts.groups;
      const auto at = std::ranges::find(groups, value.text, &Group::name);
      std::vector<std::string_view> known;
      for (const Group& group : groups) known.push_back(group.name);
      if (at == groups.end())
        return mistake(value, fmt::format("no group is called {}", shown(value)),
                       meant(value.text, known, "declare it under groups"));
      made_.groups.push_back(static_cast<std::uint16_t>(at - groups.begin()));
    });
    if (node_.find("client") == nullptr && node_.find("mac") == nullptr && node_.find("group") == nullptr)
      mistake(node_, "the exception does not say for whom", "add client, mac or group");
  }

  void read_object() {
    each("app", [&](const Node& value) {
      Node match;
      match.kind = Node::Kind::kMap;
      match.entries.push_back({"app", value.line, value.column, value});
      const Match found = compile_match(builder_, Section::kNetwork, match);
      made_.apps.insert(made_.apps.end(), found.apps.begin(), found.apps.end());
    });
    each("domain", [&](const Node& value) { add_name(value, value.text, "", made_.domains); });
    each("recipient", [&](const Node& value) {
      const std::size_t at = value.text.rfind('@');
      const bool whole = at != std::string::npos && at > 0;
      const std::string local = whole ? value.text.substr(0, at + 1) : "";
      add_name(value, whole ? value.text.substr(at + 1) : value.text, local, made_.recipients);
    });
    each("product", [&](const Node& value) {
      if (!is_name(value))
        return mistake(value, fmt::format("{} is not the id of a product", shown(value)), kNameAdvice);
      made_.products.push_back(value.text);
    });
    each("rule", [&](const Node& value) {
      std::vector<std::string_view> known;
      for (const auto& [name, line] : builder_.rule_lines) known.push_back(name);
      if (!builder_.rule_lines.contains(value.text))
        return mistake(value, fmt::format("no rule is called {}", shown(value)),
                       meant(value.text, known, "write the name of a rule of this policy"));
      made_.rules.push_back(value.text);
    });
    constexpr std::array<std::string_view, 5> kObjects{"domain", "app", "recipient", "product", "rule"};
    if (std::ranges::none_of(kObjects, [&](std::string_view key) { return node_.find(key) != nullptr; }))
      mistake(node_, "the exception does not say what it allows",
              "add domain, app, recipient, product or rule");
  }

  void add_name(const Node& at, const std::string& text, const std::string& before,
                std::vector<std::string>& into) {
    const auto name = canonical_name(text);
    if (!name || name->find('.') == std::string::npos)
      return mistake(at, fmt::format("{} is not a domain", shown(at)), "write name.example");
    into.push_back(lower_case(before) + *name);
  }

  void read_end() {
    const Node* const until = node_.find("until");
    if (until == nullptr)
      return mistake(node_, "the exception does not say when it ends", "add until: a day");
    const auto end = parse_end(builder_.parts.zone, until->text);
    if (!end) return mistake(*until, fmt::format("until is {}", shown(*until)), kEndAdvice);
    made_.ends = *end;
    made_.until = until->text;
  }

  std::string needed_text(std::string_view key, std::string_view what) {
    const Node* const node = node_.find(key);
    if (node == nullptr) {
      mistake(node_, fmt::format("the exception has no {}", key), fmt::format("add {}: {}", key, what));
      return {};
    }
    std::string text = builder_.mistakes.text(*node, key);
    if (text.size() > kExceptionBytesMax)
      mistake(*node, fmt::format("{} has {} bytes, more than {}", key, text.size(), kExceptionBytesMax), "");
    return text;
  }

  Builder& builder_;
  const Node& node_;
  Exception made_;
};

bool too_many(Builder& builder, const Node& list) {
  if (builder.parts.exceptions.size() + list.items.size() <= kExceptionsMax) return false;
  builder.mistakes.add(list, fmt::format("more than {} exceptions", kExceptionsMax),
                       "remove those that have ended");
  return true;
}

}  // namespace

void compile_exceptions(Builder& builder, const Node& list) {
  if (list.kind != Node::Kind::kList) {
    builder.mistakes.add(list, fmt::format("exceptions must be a list, not {}", shown(list)),
                         "write - {exception: name, client: 10.0.0.1, domain: name.example, ...}");
    return;
  }
  if (too_many(builder, list)) return;
  for (const Node& node : list.items) {
    if (expect_map(builder, node, "an exception"))
      builder.parts.exceptions.push_back(ExceptionReader{builder, node}.read());
  }
}

void add_kept_exceptions(Builder& builder) {
  if (builder.options.exceptions == nullptr) return;
  const ResultAll<ExceptionsFile>& file = *builder.options.exceptions;
  if (!file) {
    builder.parts.exception_faults = file.error();
    return;
  }
  for (const Node& node : file->list.items) {
    Mistakes of_policy = std::exchange(builder.mistakes, Mistakes{file->file});
    Exception made;
    if (!too_many(builder, file->list) && expect_map(builder, node, "an exception"))
      made = ExceptionReader{builder, node}.read();
    const std::vector<Error> faults = std::exchange(builder.mistakes, std::move(of_policy)).take();
    auto& all = builder.parts.exception_faults;
    all.insert(all.end(), faults.begin(), faults.end());
    made.kept = true;
    if (faults.empty()) builder.parts.exceptions.push_back(std::move(made));
  }
  // What had ended when somebody looked last is not even compiled in: no clock brings it back.
  std::erase_if(builder.parts.exceptions, [&](const Exception& one) { return one.ends <= file->judged; });
}

void index_exceptions(PolicyParts& parts) {
  for (std::size_t i = 0; i < parts.exceptions.size(); ++i) {
    const Exception& one = parts.exceptions[i];
    const auto number = static_cast<std::uint16_t>(i);
    const bool hosts_only =
        one.macs.empty() && one.groups.empty() &&
        std::ranges::all_of(one.clients, [](const Subnet& s) { return s.prefix_bits == 128; });
    if (!hosts_only) parts.exceptions_wide.push_back(number);
    for (const Subnet& host : one.clients)
      if (hosts_only) parts.exception_hosts.emplace_back(host.base, number);
  }
  std::ranges::sort(parts.exception_hosts);
}

}  // namespace weir::policy
