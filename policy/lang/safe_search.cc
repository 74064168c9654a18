// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/safe_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/categories/canonical_name.h"
#include "policy/lang/words.h"
#include "policy/model/document.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

constexpr std::size_t kSafeSearchBytesMax = 1U << 20U;
constexpr const char* kNamesAdvice = "write www.search.example, or www.search.* for those of all countries";
constexpr const char* kSafeAdvice = "write {name: safe.search.example, addresses: [192.0.2.1]}";

/// "com", "de", "co.uk", "com.au": what one provider's names have behind them.
bool ends_a_country(std::string_view rest) {
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return !rest.empty();
  return (dot == 2 || dot == 3) && rest.size() == dot + 3 &&
         rest.find('.', dot + 1) == std::string_view::npos;
}

class TableReader {
 public:
  explicit TableReader(const std::string& file) : mistakes(file) {}

  SafeEngine engine(const Node& node) {
    SafeEngine engine;
    if (node.kind != Node::Kind::kMap) {
      mistakes.add(node, fmt::format("an engine must be a map, not {}", shown(node)),
                   "write {engine: search, names: [www.search.example], safe: {name: ...}}");
      return engine;
    }
    mistakes.unknown_keys(node, {"engine", "names", "safe", "moderate"});
    const Node* const id = node.find("engine");
    if (id == nullptr || !is_name(*id)) {
      mistakes.add(id == nullptr ? node : *id, "the engine has no name", kNameAdvice);
    } else {
      engine.engine = id->text;
      claim(engines_, *id, engine.engine, "an engine is already called");
    }
    names(node, engine);
    if (const Node* const safe = node.find("safe")) {
      engine.safe = safe_name(*safe);
    } else {
      mistakes.add(node, "the engine has no safe name",
                   fmt::format("add safe: {{name: safe.search.example}}"));
    }
    if (const Node* const moderate = node.find("moderate")) engine.moderate = safe_name(*moderate);
    return engine;
  }

  Mistakes mistakes;

 private:
  using Lines = std::map<std::string, int, std::less<>>;

  void claim(Lines& lines, const Node& at, const std::string& name, std::string_view what) {
    const auto [first, inserted] = lines.try_emplace(name, at.line);
    if (!inserted)
      mistakes.add(at, fmt::format("{} {}, on line {}", what, name, first->second), "write it once");
  }

  /// Canonical; empty, and a mistake: it is none.
  std::string host(const Node& node, std::string_view text, std::string_view advice) {
    auto name = canonical_name(text);
    const bool fits = name && text.find('*') == std::string_view::npos &&
                      name->find('.') != std::string::npos && name->size() <= kSafeNameBytesMax;
    if (fits) return std::move(*name);
    mistakes.add(node, fmt::format("{} is not a name of at most {} bytes", shown(node), kSafeNameBytesMax),
                 std::string(advice));
    return {};
  }

  void names(const Node& node, SafeEngine& engine) {
    const Node* const list = node.find("names");
    if (list == nullptr) return mistakes.add(node, "the engine has no names", kNamesAdvice);
    const std::vector<const Node*> all = mistakes.scalars(*list, "names");
    if (all.empty() && mistakes.empty()) mistakes.add(*list, "names is empty", kNamesAdvice);
    if (all.size() > kSafeNamesMax) {
      mistakes.add(*list, fmt::format("{} names, more than {}", all.size(), kSafeNamesMax));
      return;
    }
    for (const Node* const one : all) {
      std::string_view text = one->text;
      const bool by_country = text.ends_with(".*");
      if (by_country) text.remove_suffix(2);
      std::string name = host(*one, text, kNamesAdvice);
      if (name.empty()) continue;
      if (by_country) name += ".*";
      claim(names_, *one, name, "an engine has the name");
      engine.names.push_back(std::move(name));
    }
  }

  SafeName safe_name(const Node& node) {
    SafeName safe;
    if (node.kind != Node::Kind::kMap) {
      mistakes.add(node, fmt::format("a safe name must be a map, not {}", shown(node)), kSafeAdvice);
      return safe;
    }
    mistakes.unknown_keys(node, {"name", "addresses"});
    const Node* const name = node.find("name");
    if (name == nullptr) {
      mistakes.add(node, "the safe name is not said", kSafeAdvice);
    } else {
      safe.name = host(*name, name->text, kSafeAdvice);
    }
    const Node* const list = node.find("addresses");
    if (list == nullptr) return safe;
    for (const Node* const one : mistakes.scalars(*list, "addresses")) {
      if (const auto address = IpAddress::parse(one->text)) {
        safe.addresses.push_back(*address);
      } else {
        mistakes.add(*one, fmt::format("{} is not an address", shown(*one)),
                     "write 192.0.2.1 or 2001:db8::1");
      }
    }
    if (safe.addresses.size() > kSafeAddressesMax)
      mistakes.add(*list,
                   fmt::format("{} addresses, more than {}", safe.addresses.size(), kSafeAddressesMax));
    return safe;
  }

  Lines engines_;
  Lines names_;
};

}  // namespace

SafeSearchTable::SafeSearchTable(std::vector<SafeEngine> engines) : engines_(std::move(engines)) {
  for (std::size_t i = 0; i < engines_.size(); ++i) {
    for (const std::string& name : engines_[i].names) {
      if (name.ends_with('*')) {
        by_countries_.emplace_back(name.substr(0, name.size() - 1), i);
      } else {
        names_.emplace(name, i);
      }
    }
  }
}

const SafeEngine* SafeSearchTable::find(std::string_view name) const {
  if (const auto whole = names_.find(name); whole != names_.end()) return &engines_[whole->second];
  for (const auto& [prefix, engine] : by_countries_) {
    if (name.starts_with(prefix) && ends_a_country(name.substr(prefix.size()))) return &engines_[engine];
  }
  return nullptr;
}

ResultAll<std::vector<SafeEngine>> parse_safe_search(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file, {.bytes_max = kSafeSearchBytesMax});
  if (!root) return tl::unexpected(root.error());
  TableReader reader{file};
  Mistakes& mistakes = reader.mistakes;
  const Node* const version = root->find("weir-safe-search");
  if (version == nullptr || version->text != "1") {
    mistakes.add(version != nullptr ? version->line : 1, version != nullptr ? version->column : 1,
                 "not a file of safe names of version 1", "begin the file with the line weir-safe-search: 1");
    return tl::unexpected(mistakes.take());
  }
  mistakes.unknown_keys(*root, {"weir-safe-search", "engines"});
  std::vector<SafeEngine> engines;
  const Node* const list = root->find("engines");
  if (list == nullptr || list->kind != Node::Kind::kList) {
    mistakes.add(list != nullptr ? *list : *root, "engines must be a list",
                 "write engines: [{engine: ...}], or engines: []");
  } else if (list->items.size() > kSafeEnginesMax) {
    mistakes.add(*list, fmt::format("{} engines, more than {}", list->items.size(), kSafeEnginesMax));
  } else {
    for (const Node& item : list->items) engines.push_back(reader.engine(item));
  }
  if (!mistakes.empty()) return tl::unexpected(mistakes.take());
  return engines;
}

ResultAll<std::vector<SafeEngine>> load_safe_search(const std::string& path) {
  const auto text = read_text_file(path, kSafeSearchBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_safe_search(*text, path);
}

}  // namespace weir::policy
