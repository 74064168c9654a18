// SPDX-License-Identifier: Apache-2.0
// The section `software`: which products may be used, which may not, and what happens to the rest.
#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "policy/lang/builder.h"
#include "policy/lang/catalogue.h"
#include "policy/lang/date_text.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

/// The product's id; a mistake when it is none, is in two lists, or is not in the catalogue.
std::string compile_product(Builder& builder, const Node& node,
                            std::map<std::string, int, std::less<>>& lines) {
  const Node* const product = node.find("product");
  if (product == nullptr) {
    builder.mistakes.add(node, "the entry names no product", "add product: an id of the software catalogue");
    return {};
  }
  if (!is_name(*product)) {
    builder.mistakes.add(*product, fmt::format("{} is not the id of a product", shown(*product)),
                         kNameAdvice);
    return {};
  }
  const std::string& id = product->text;
  const Catalogue* const catalogue = builder.options.catalogue;
  if (catalogue != nullptr && catalogue->find(id) == nullptr) {
    std::vector<std::string_view> known;
    for (const Product& one : catalogue->products) known.push_back(one.id);
    builder.mistakes.add(*product, fmt::format("the software catalogue has no product {}", id),
                         meant(id, known, "add it to the catalogue"));
  }
  const auto [first, inserted] = lines.try_emplace(id, product->line);
  if (!inserted) {
    builder.mistakes.add(*product,
                         fmt::format("the product {} is already listed, on line {}", id, first->second),
                         "list a product once, as authorised or as unauthorised");
  }
  return id;
}

void compile_authorised(Builder& builder, const Node& node, std::map<std::string, int, std::less<>>& lines) {
  if (!expect_map(builder, node, "a product")) return;
  check_keys(builder, node, KeyMap::kAuthorised);
  AuthorisedProduct authorised;
  authorised.product = compile_product(builder, node, lines);
  if (const Node* const versions = node.find("versions")) {
    if (auto range = VersionRange::parse(versions->text)) {
      authorised.versions = std::move(*range);
    } else {
      builder.mistakes.add(*versions, fmt::format("versions is {}", shown(*versions)),
                           "write \">=115\", \">=1.2 <2\" or \"3.4\"");
    }
  }
  if (const Node* const owner = node.find("owner")) authorised.owner = builder.mistakes.text(*owner, "owner");
  if (const Node* const until = node.find("until")) {
    if (const auto day = parse_date(until->text)) {
      authorised.ends = builder.parts.zone.midnight(*day + 1) * kSecond;
      authorised.until = until->text;
    } else {
      builder.mistakes.add(*until, fmt::format("until is {}", shown(*until)),
                           "write the last day, such as 2027-06-30");
    }
  }
  builder.parts.software.authorised.push_back(std::move(authorised));
}

void summarise(Builder& builder, const Rule& rule, std::string match, int line) {
  builder.parts.summaries.push_back({rule.name,
                                     Section::kSoftware,
                                     {},
                                     {},
                                     std::move(match),
                                     rule.then,
                                     rule.severity,
                                     rule.monitor,
                                     rule.tell_officer,
                                     line});
}

void compile_unauthorised(Builder& builder, const Node& node,
                          std::map<std::string, int, std::less<>>& lines) {
  if (!expect_map(builder, node, "a product")) return;
  check_keys(builder, node, KeyMap::kUnauthorised);
  UnauthorisedProduct unauthorised;
  unauthorised.product = compile_product(builder, node, lines);
  Rule& rule = unauthorised.rule;
  rule.section = Section::kSoftware;
  rule.then = Action::kReport;
  rule.name = "unauthorised-" + unauthorised.product;
  if (const Node* const name = node.find("rule"); name != nullptr && is_name(*name)) {
    rule.name = name->text;
  } else if (name != nullptr) {
    builder.mistakes.add(*name, fmt::format("{} is not a name for a rule", shown(*name)), kNameAdvice);
  }
  if (!unauthorised.product.empty()) claim_rule_name(builder, node, rule.name);
  compile_rule_frame(builder, node, rule);
  if (rule.then == Action::kAllow) {
    builder.mistakes.add(*node.find("then"), "an unauthorised product that is allowed",
                         "move it to authorised");
  }
  summarise(builder, rule, "product " + unauthorised.product, node.line);
  builder.parts.software.unauthorised.push_back(std::move(unauthorised));
}

template <typename CompileOne>
void each_product(Builder& builder, const Node& section, std::string_view key, CompileOne compile_one) {
  const Node* const list = section.find(key);
  if (list == nullptr) return;
  if (list->kind != Node::Kind::kList) {
    builder.mistakes.add(*list, fmt::format("{} must be a list of products, not {}", key, shown(*list)),
                         "write [{product: firefox}]");
  } else if (builder.parts.summaries.size() + list->items.size() > kRulesMax) {
    builder.mistakes.add(*list, fmt::format("more than {} rules in one policy", kRulesMax));
  } else {
    for (const Node& item : list->items) compile_one(item);
  }
}

}  // namespace

void compile_software(Builder& builder, const Node& node) {
  if (!expect_map(builder, node, "software")) return;
  check_keys(builder, node, KeyMap::kSoftware);
  SoftwareSection& software = builder.parts.software;
  software.present = true;
  software.unknown.section = Section::kSoftware;
  software.unknown.name = "unknown-software";
  software.unknown.severity = Severity::kLow;
  software.unknown.monitor = builder.parts.monitor;
  std::map<std::string, int, std::less<>> lines;
  each_product(builder, node, "authorised",
               [&](const Node& item) { compile_authorised(builder, item, lines); });
  each_product(builder, node, "unauthorised",
               [&](const Node& item) { compile_unauthorised(builder, item, lines); });
  if (const Node* const unknown = node.find("unknown")) {
    if (word_of(builder, *unknown, KeyMap::kSoftware, "unknown"))
      software.unknown.then = action_of(unknown->text).value_or(Action::kAllow);
    claim_rule_name(builder, *unknown, software.unknown.name);
    summarise(builder, software.unknown, "any product of neither list", unknown->line);
  }
}

}  // namespace weir::policy
