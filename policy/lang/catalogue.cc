// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

using Confidence = SoftwareConfidence;
constexpr std::array<TraceRule, kTraceKinds> kTraceRules{{
    {TraceKind::kApp, TraceForm::kValue, "apps", "application", Confidence::kMedium, &Product::apps},
    {TraceKind::kUserAgent, TraceForm::kPattern, "user_agents", "user-agent", Confidence::kMedium,
     &Product::user_agents},
    {TraceKind::kTlsName, TraceForm::kHost, "tls_names", "tls-name", Confidence::kMedium,
     &Product::tls_names},
    {TraceKind::kUpdateHost, TraceForm::kHost, "update_hosts", "update-host", Confidence::kMedium,
     &Product::update_hosts},
    {TraceKind::kTelemetryHost, TraceForm::kHost, "telemetry_hosts", "telemetry-host", Confidence::kMedium,
     &Product::telemetry_hosts},
    {TraceKind::kJa4, TraceForm::kValue, "ja4", "ja4", Confidence::kMedium, &Product::ja4},
    {TraceKind::kSshBanner, TraceForm::kPattern, "ssh_banners", "ssh-banner", Confidence::kMedium,
     &Product::ssh_banners},
    {TraceKind::kHassh, TraceForm::kValue, "hassh", "hassh", Confidence::kMedium, &Product::hassh},
    {TraceKind::kMailer, TraceForm::kPattern, "mailers", "mailer", Confidence::kMedium, &Product::mailers},
    {TraceKind::kServerBanner, TraceForm::kPattern, "server_banners", "server-banner", Confidence::kMedium,
     &Product::server_banners},
    {TraceKind::kDhcpVendor, TraceForm::kPattern, "dhcp_vendors", "dhcp-vendor", Confidence::kMedium,
     &Product::dhcp_vendors},
    {TraceKind::kDhcpFingerprint, TraceForm::kValue, "dhcp_fingerprints", "dhcp-fingerprint",
     Confidence::kLow, &Product::dhcp_fingerprints},
}};

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

void read_patterns(const Node& node, const TraceRule& rule, Product& product, Mistakes& mistakes) {
  for (const Node* const trace : traces(node, rule.key, mistakes)) {
    const std::string& pattern = trace->text;
    const std::size_t brace = pattern.find_first_of("{}");
    const bool one_mark = brace == std::string::npos ||
                          (pattern.compare(brace, kVersionMark.size(), kVersionMark) == 0 &&
                           pattern.find_first_of("{}", brace + kVersionMark.size()) == std::string::npos);
    if (!one_mark) {
      mistakes.add(*trace, fmt::format("{} is not a pattern", shown(*trace)),
                   "braces only as {version}, once");
    } else if (pattern.find_first_not_of('*') == std::string::npos) {
      mistakes.add(*trace, fmt::format("this pattern matches every value of {}", rule.key),
                   "give it the product's own word");
    } else {
      (product.*rule.traces).push_back(pattern);
    }
  }
}

void read_hosts(const Node& node, const TraceRule& rule, Product& product, Mistakes& mistakes) {
  DomainTable check;
  const DomainSet set = check.add_set().value_or(DomainSet{});
  for (const Node* const name : traces(node, rule.key, mistakes)) {
    if (const auto added = check.add(set, name->text); added) {
      const bool below_only = name->text.starts_with("*.");
      const auto canonical = canonical_name(std::string_view(name->text).substr(below_only ? 2 : 0));
      (product.*rule.traces).push_back((below_only ? "*." : "") + canonical.value_or(name->text));
    } else {
      mistakes.add(*name, added.error().what, added.error().advice);
    }
  }
}

bool all_of(std::string_view text, std::string_view letters) {
  return text.find_first_not_of(letters) == std::string_view::npos;
}

/// "t13d1516h2_8daaf6152771_e5627efa2ab1": a_b_c of 10, 12 and 12 letters.
bool is_ja4(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  return text.size() == 36 && text[10] == '_' && text[23] == '_' &&
         std::string_view("tqd").find(text[0]) != std::string_view::npos &&
         all_of(text.substr(11, 12), kHex) && all_of(text.substr(24), kHex);
}

bool is_hassh(std::string_view text) { return text.size() == 32 && all_of(text, "0123456789abcdef"); }
bool is_option_list(std::string_view text) { return is_digit(text[0]) && all_of(text, "0123456789,"); }

void read_values(const Node& node, const TraceRule& rule, Product& product, Mistakes& mistakes) {
  for (const Node* const value : traces(node, rule.key, mistakes)) {
    const bool right = rule.kind == TraceKind::kJa4     ? is_ja4(value->text)
                       : rule.kind == TraceKind::kHassh ? is_hassh(value->text)
                                                        : is_option_list(value->text);
    if (right) {
      (product.*rule.traces).push_back(value->text);
    } else {
      mistakes.add(*value, fmt::format("{} is not a value of {}", shown(*value), rule.key),
                   "the head of software.yaml names the kinds of traces");
    }
  }
}

void read_traces(const Node& node, const TraceRule& rule, Product& product, Mistakes& mistakes) {
  if (rule.kind == TraceKind::kApp) return read_apps(node, product, mistakes);
  if (rule.form == TraceForm::kPattern) return read_patterns(node, rule, product, mistakes);
  if (rule.form == TraceForm::kHost) return read_hosts(node, rule, product, mistakes);
  read_values(node, rule, product, mistakes);
}

Product read_product(const Node& node, Mistakes& mistakes) {
  Product product;
  if (node.kind != Node::Kind::kMap) {
    mistakes.add(node, fmt::format("a product must be a map, not {}", shown(node)),
                 "write {id: firefox, name: Mozilla Firefox, user_agents: [...]}");
    return product;
  }
  std::vector<std::string_view> keys{"id", "name"};
  for (const TraceRule& rule : kTraceRules) keys.push_back(rule.key);
  mistakes.unknown_keys(node, keys);
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
  for (const TraceRule& rule : kTraceRules) read_traces(node, rule, product, mistakes);
  const bool traceless = std::all_of(kTraceRules.begin(), kTraceRules.end(),
                                     [&](const TraceRule& rule) { return (product.*rule.traces).empty(); });
  if (traceless && mistakes.empty()) {
    mistakes.add(node, fmt::format("nothing shows the product {}", product.id),
                 "add apps, user_agents or another kind of trace");
  }
  return product;
}

}  // namespace

std::span<const TraceRule> trace_rules() { return kTraceRules; }

const TraceRule& trace_rule(TraceKind kind) { return kTraceRules[static_cast<std::size_t>(kind)]; }

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

std::optional<std::string_view> match_pattern(std::string_view glob, std::string_view text) noexcept {
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
