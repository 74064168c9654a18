// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/categories/canonical_name.h"
#include "policy/categories/domain_table.h"
#include "policy/lang/app_names.h"
#include "policy/lang/words.h"
#include "policy/model/document.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

constexpr std::string_view kVersionMark = "{version}";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_version_letter(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view(".-_+").find(c) != std::string_view::npos;
}

/// The texts of one key of a product, each at most kTraceBytesMax bytes.
std::vector<const Node*> traces(const Node& product, std::string_view key, Mistakes& mistakes) {
  const Node* const node = product.find(key);
  if (node == nullptr) return {};
  std::vector<const Node*> found = mistakes.scalars(*node, key);
  if (found.size() > kTracesPerProductMax) {
    mistakes.add(*node,
                 fmt::format("{} values in {}, more than {}", found.size(), key, kTracesPerProductMax));
    return {};
  }
  std::erase_if(found, [&](const Node* trace) {
    const bool fits = !trace->text.empty() && trace->text.size() <= kTraceBytesMax;
    if (!fits)
      mistakes.add(*trace, fmt::format("a value of {} must have 1 to {} bytes", key, kTraceBytesMax));
    return !fits;
  });
  return found;
}

void read_apps(const Node& node, Product& product, Mistakes& mistakes) {
  for (const Node* const app : traces(node, "apps", mistakes)) {
    if (const std::string_view name = app_name(app->text); !name.empty()) {
      product.apps.emplace_back(name);
    } else {
      mistakes.add(*app, fmt::format("no application is called {}", app->text),
                   meant(app->text, {app_names().begin(), app_names().end()}, "names are those of nDPI 4.2"));
    }
  }
}

void read_user_agents(const Node& node, Product& product, Mistakes& mistakes) {
  for (const Node* const agent : traces(node, "user_agents", mistakes)) {
    const std::string& glob = agent->text;
    const std::size_t brace = glob.find_first_of("{}");
    const bool one_mark = brace == std::string::npos ||
                          (glob.compare(brace, kVersionMark.size(), kVersionMark) == 0 &&
                           glob.find_first_of("{}", brace + kVersionMark.size()) == std::string::npos);
    if (!one_mark) {
      mistakes.add(*agent, fmt::format("{} is not a pattern", shown(*agent)),
                   "braces only as {version}, once");
    } else if (glob.find_first_not_of('*') == std::string::npos) {
      mistakes.add(*agent, "this pattern matches every User-Agent", "give it the product's own word");
    } else {
      product.user_agents.push_back(glob);
    }
  }
}

void read_tls_names(const Node& node, Product& product, Mistakes& mistakes) {
  DomainTable check;
  const DomainSet set = check.add_set().value_or(DomainSet{});
  for (const Node* const name : traces(node, "tls_names", mistakes)) {
    if (const auto added = check.add(set, name->text); added) {
      const bool below_only = name->text.starts_with("*.");
      const auto canonical = canonical_name(std::string_view(name->text).substr(below_only ? 2 : 0));
      product.tls_names.push_back((below_only ? "*." : "") + canonical.value_or(name->text));
    } else {
      mistakes.add(*name, added.error().what, added.error().advice);
    }
  }
}

Product read_product(const Node& node, Mistakes& mistakes) {
  Product product;
  if (node.kind != Node::Kind::kMap) {
    mistakes.add(node, fmt::format("a product must be a map, not {}", shown(node)),
                 "write {id: firefox, name: Mozilla Firefox, user_agents: [...]}");
    return product;
  }
  mistakes.unknown_keys(node, {"id", "name", "apps", "user_agents", "tls_names"});
  const Node* const id = node.find("id");
  if (id == nullptr) {
    mistakes.add(node, "the product has no id", "add id: a word of a-z, 0-9, - and _");
  } else if (is_name(*id)) {
    product.id = id->text;
  } else {
    mistakes.add(*id, fmt::format("id is {}", shown(*id)), kNameAdvice);
  }
  const Node* const name = node.find("name");
  product.name = name != nullptr ? mistakes.text(*name, "name") : product.id;
  read_apps(node, product, mistakes);
  read_user_agents(node, product, mistakes);
  read_tls_names(node, product, mistakes);
  if (product.apps.empty() && product.user_agents.empty() && product.tls_names.empty() && mistakes.empty()) {
    mistakes.add(node, fmt::format("nothing shows the product {}", product.id),
                 "add apps, user_agents or tls_names");
  }
  return product;
}

}  // namespace

const Product* Catalogue::find(std::string_view id) const {
  const auto at =
      std::find_if(products.begin(), products.end(), [&](const Product& p) { return p.id == id; });
  return at == products.end() ? nullptr : &*at;
}

ResultAll<Catalogue> parse_catalogue(std::string_view text, const std::string& file) {
  const auto root = parse_document(text, file, {.bytes_max = 4U << 20U});
  if (!root) return tl::unexpected(root.error());
  Mistakes mistakes{file};
  const Node* const version = root->find("weir-software");
  if (version == nullptr || version->text != "1") {
    mistakes.add(version != nullptr ? version->line : 1, version != nullptr ? version->column : 1,
                 "not a software catalogue of version 1", "begin the file with the line weir-software: 1");
    return tl::unexpected(mistakes.take());
  }
  mistakes.unknown_keys(*root, {"weir-software", "products"});
  Catalogue catalogue;
  const Node* const products = root->find("products");
  if (products == nullptr || products->kind != Node::Kind::kList) {
    mistakes.add(products != nullptr ? *products : *root, "products must be a list",
                 "write products: [{id: ...}]");
  } else if (products->items.size() > kProductsMax) {
    mistakes.add(*products, fmt::format("{} products, more than {}", products->items.size(), kProductsMax));
  } else {
    std::map<std::string, int> lines;
    for (const Node& item : products->items) {
      Product product = read_product(item, mistakes);
      const auto [first, inserted] = lines.try_emplace(product.id, item.line);
      if (!inserted && !product.id.empty()) {
        mistakes.add(*item.find("id"),
                     fmt::format("a product is already called {}, on line {}", product.id, first->second),
                     "give it its own id");
      }
      catalogue.products.push_back(std::move(product));
    }
  }
  if (!mistakes.empty()) return tl::unexpected(mistakes.take());
  return catalogue;
}

ResultAll<Catalogue> load_catalogue(const std::string& path) {
  const auto text = read_text_file(path, 4U << 20U);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse_catalogue(*text, path);
}

std::optional<std::string_view> match_user_agent(std::string_view glob, std::string_view text) noexcept {
  std::size_t in_glob = 0;
  std::size_t in_text = 0;
  std::size_t star =
      std::string_view::npos;  // where the last `*` of the glob is, and what it has eaten so far
  std::size_t eaten_to = 0;
  std::string_view version;
  while (true) {
    if (in_glob == glob.size() && in_text == text.size()) return version;
    const std::string_view rest = glob.substr(in_glob);
    if (rest.starts_with('*')) {
      star = in_glob++;
      eaten_to = in_text;
      continue;
    }
    if (rest.starts_with(kVersionMark) && in_text < text.size() && is_digit(text[in_text])) {
      std::size_t end = in_text;
      while (end < text.size() && is_version_letter(text[end])) ++end;
      version = text.substr(in_text, end - in_text);
      in_text = end;
      in_glob += kVersionMark.size();
      continue;
    }
    if (!rest.empty() && rest.front() != '{' && in_text < text.size() &&
        same_word(rest.substr(0, 1), text.substr(in_text, 1))) {
      ++in_glob;
      ++in_text;
      continue;
    }
    if (star == std::string_view::npos || eaten_to >= text.size()) return std::nullopt;
    in_glob = star + 1;
    in_text = ++eaten_to;
  }
}

}  // namespace weir::policy
