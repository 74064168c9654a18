// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "policy/model/document_text.h"

namespace weir::ctl {
namespace {

using Kind = PolicyChange::Kind;

/// What an entry of a list is known by; a list of anything else has no names.
std::string name_of(const Node& item) {
  for (const char* key : {"rule", "test", "product"}) {
    if (const Node* const name = item.find(key); name != nullptr && name->kind == Node::Kind::kScalar)
      return name->text;
  }
  return {};
}

bool is_named_list(const Node& node) {
  return node.kind == Node::Kind::kList && std::ranges::all_of(node.items, [](const Node& item) {
           return item.kind == Node::Kind::kMap && !name_of(item).empty();
         });
}

/// "then: report -> block; who: everyone -> staff": the keys of two maps that differ.
std::string changed_keys(const Node& from, const Node& to) {
  std::string text;
  const auto add = [&](const std::string& key, const Node* before, const Node* after) {
    const std::string was = before == nullptr ? "not said" : inline_text(*before);
    const std::string is = after == nullptr ? "not said" : inline_text(*after);
    if (was != is) text += fmt::format("{}{}: {} -> {}", text.empty() ? "" : "; ", key, was, is);
  };
  for (const Node::Entry& entry : to.entries) add(entry.key, from.find(entry.key), &entry.value);
  for (const Node::Entry& entry : from.entries)
    if (to.find(entry.key) == nullptr) add(entry.key, &entry.value, nullptr);
  return text;
}

/// Names of `to` that stand elsewhere among those that both lists have: the fewest whose move explains it.
std::set<std::string> moved(const std::vector<std::string>& from, const std::vector<std::string>& to) {
  std::vector<std::size_t> places;  // in `from`, in the order of `to`
  std::vector<std::string> names;
  for (const std::string& name : to) {
    const auto at = std::find(from.begin(), from.end(), name);
    if (at == from.end()) continue;
    places.push_back(static_cast<std::size_t>(at - from.begin()));
    names.push_back(name);
  }
  // The longest run of places that rises stays; `longest[i]` ends with i, after `before[i]`.
  std::vector<std::size_t> longest(places.size(), 1);
  std::vector<std::size_t> before(places.size(), places.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (places[j] >= places[i] || longest[j] + 1 <= longest[i]) continue;
      longest[i] = longest[j] + 1;
      before[i] = j;
    }
  }
  std::set<std::string> all(names.begin(), names.end());
  const auto end = std::max_element(longest.begin(), longest.end());
  for (auto i = static_cast<std::size_t>(end - longest.begin()); i < places.size(); i = before[i])
    all.erase(names[i]);
  return all;
}

class Differ {
 public:
  std::vector<PolicyChange> run(const Node& from, const Node& to) {
    maps({}, from, to);
    return std::move(changes_);
  }

 private:
  void add(Kind kind, const std::string& where, const std::string& name, std::string what) {
    changes_.push_back({kind, where, name, std::move(what)});
  }

  /// The whole policy, the section software.
  void maps(const std::string& where, const Node& from, const Node& to) {
    const std::string prefix = where.empty() ? "" : where + ".";
    for (const Node::Entry& entry : to.entries) values(prefix + entry.key, from.find(entry.key), entry.value);
    for (const Node::Entry& entry : from.entries) {
      if (to.find(entry.key) == nullptr) values(prefix + entry.key, &entry.value, {});
    }
  }

  void values(const std::string& where, const Node* from, const Node& to) {
    const Node nothing;
    const Node& before = from == nullptr ? nothing : *from;
    if (where == "software") return maps(where, before, to);
    if (is_named_list(before.items.empty() ? to : before)) return named_lists(where, before, to);
    constexpr std::array<std::string_view, 4> kNamed{"groups", "schedules", "lists", "categories"};
    const bool words = before.kind == Node::Kind::kScalar || to.kind == Node::Kind::kScalar;
    if (!words && std::ranges::find(kNamed, where) != kNamed.end()) return named_maps(where, before, to);
    const std::string was = inline_text(before);
    const std::string is = inline_text(to);
    if (was == is) return;
    if (before.kind == Node::Kind::kNull) return add(Kind::kAdded, where, {}, is);
    if (to.kind == Node::Kind::kNull) return add(Kind::kRemoved, where, {}, was);
    add(Kind::kChanged, where, {}, fmt::format("{} -> {}", was, is));
  }

  void named_maps(const std::string& where, const Node& from, const Node& to) {
    for (const Node::Entry& entry : to.entries) {
      const Node* const before = from.find(entry.key);
      if (before == nullptr) {
        add(Kind::kAdded, where, entry.key, inline_text(entry.value));
      } else if (std::string what = changed_keys(*before, entry.value); !what.empty()) {
        add(Kind::kChanged, where, entry.key, std::move(what));
      }
    }
    for (const Node::Entry& entry : from.entries) {
      if (to.find(entry.key) == nullptr) add(Kind::kRemoved, where, entry.key, inline_text(entry.value));
    }
  }

  static const Node* find(const Node& list, const std::string& name) {
    const auto at = std::ranges::find_if(list.items, [&](const Node& item) { return name_of(item) == name; });
    return at == list.items.end() ? nullptr : &*at;
  }
  static std::vector<std::string> names_of(const Node& list) {
    std::vector<std::string> names;
    for (const Node& item : list.items) names.push_back(name_of(item));
    return names;
  }

  void named_lists(const std::string& where, const Node& from, const Node& to) {
    const std::set<std::string> elsewhere = moved(names_of(from), names_of(to));
    for (const Node& item : to.items) {
      const std::string name = name_of(item);
      const Node* const before = find(from, name);
      if (before == nullptr) {
        add(Kind::kAdded, where, name, inline_text(item));
        continue;
      }
      if (std::string what = changed_keys(*before, item); !what.empty())
        add(Kind::kChanged, where, name, std::move(what));
      if (elsewhere.contains(name)) add(Kind::kMoved, where, name, "its place among the others");
    }
    for (const Node& item : from.items) {
      if (find(to, name_of(item)) == nullptr) add(Kind::kRemoved, where, name_of(item), inline_text(item));
    }
  }

  std::vector<PolicyChange> changes_;
};

}  // namespace

const char* to_string(PolicyChange::Kind kind) {
  switch (kind) {
    case Kind::kAdded:
      return "added";
    case Kind::kRemoved:
      return "removed";
    case Kind::kChanged:
      return "changed";
    case Kind::kMoved:
      return "moved";
  }
  return "";
}

std::vector<PolicyChange> policy_diff(const Node& from, const Node& to) { return Differ{}.run(from, to); }

}  // namespace weir::ctl
