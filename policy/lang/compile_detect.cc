// SPDX-License-Identifier: Apache-2.0
// The section `detect`: which detectors run, and with which parameters.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/lang/builder.h"
#include "policy/lang/catalogue.h"
#include "policy/lang/detectors.h"
#include "policy/lang/size_text.h"
#include "policy/lang/words.h"
#include "policy/model/duration.h"

namespace weir::policy {
namespace {

constexpr std::size_t kWatchedProductsMax = 256;
constexpr std::int64_t kDifferentMax = 800;  // of what is counted once each: as many as a window keeps

void mistake(Builder& builder, const Node& at, std::string_view what, std::string_view advice) {
  builder.mistakes.add(at, fmt::format("{} is {}", what, shown(at)), std::string(advice));
}

void check_understood(Builder& builder, const Node& node, const DetectorRow& row) {
  for (const Node::Entry& entry : node.entries) {
    if (find_key(KeyMap::kDetector, entry.key) == nullptr || understands(row, entry.key)) continue;
    std::vector<std::string_view> known;
    for (const KeyRow& key : keys_of(KeyMap::kDetector))
      if (understands(row, key.key)) known.push_back(key.key);
    builder.mistakes.add(entry.line, entry.column, fmt::format("{} has no {}", row.name, entry.key),
                         fmt::format("known here: {}", fmt::join(known, ", ")));
  }
}

/// What counts different things.
bool counts_different(DetectorKind kind) {
  return kind == DetectorKind::kManyRecipients || kind == DetectorKind::kGeneratedNames ||
         kind == DetectorKind::kBeacon;
}

void compile_numbers(Builder& builder, const Node& node, DetectorSettings& settings) {
  const auto read = [&](std::string_view key, std::int64_t& into) {
    const Node* const value = node.find(key);
    const KeyRow* const row = find_key(KeyMap::kDetector, key);
    if (value == nullptr) return;
    into = builder.mistakes.integer(*value, std::string(key), row->low, row->high).value_or(into);
  };
  read("count", settings.count);
  if (counts_different(settings.kind) && settings.count > kDifferentMax) {
    builder.mistakes.add(*node.find("count"),
                         fmt::format("{} counts at most {}", to_string(settings.kind), kDifferentMax));
  }
  read("percent", settings.percent);
  read("learn_days", settings.learn_days);
  read("days", settings.days);
}

/// "3.2": hundredths of a bit.
std::optional<std::int64_t> hundredths(std::string_view text) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = whole_number<std::uint32_t>(text.substr(0, point));
  if (!whole || *whole > 6) return std::nullopt;
  if (point == text.size()) return *whole * 100;
  const std::string_view digits = text.substr(point + 1);
  const auto part = whole_number<std::uint32_t>(digits);
  if (!part || digits.size() > 2) return std::nullopt;
  return *whole * 100 + *part * (digits.size() == 1 ? 10 : 1);
}

void compile_amounts(Builder& builder, const Node& node, DetectorSettings& settings) {
  if (const Node* const within = node.find("within")) {
    const auto time = parse_duration(within->text);
    if (time && *time >= kDetectWithinMin) {
      settings.within = *time;
    } else {
      mistake(builder, *within, "within", "write 1m to 24h");
    }
  }
  if (const Node* const bytes = node.find("bytes")) {
    const auto size = size_bytes(bytes->text);
    if (!size) mistake(builder, *bytes, "bytes", kSizeAdvice);
    settings.bytes = size.value_or(settings.bytes);
  }
  if (const Node* const entropy = node.find("entropy")) {
    const auto bits = hundredths(entropy->text);
    if (!bits || *bits > kEntropyMax)
      mistake(builder, *entropy, "entropy", "write bits a character, such as 3.20");
    settings.entropy = bits.value_or(settings.entropy);
  }
}

void compile_except(Builder& builder, const Node& except, DetectorSettings& settings) {
  std::vector<std::string_view> known;
  for (const Group& group : builder.parts.groups) known.push_back(group.name);
  for (const Node* const value : values_of(builder, except, "except")) {
    settings.except.push_back(value->text);
    if (std::find(known.begin(), known.end(), value->text) != known.end()) continue;
    builder.mistakes.add(*value, fmt::format("no group is called {}", shown(*value)),
                         meant(value->text, known, "declare it under groups"));
  }
}

void compile_products(Builder& builder, const Node& products, DetectorSettings& settings) {
  const bool versions = settings.kind == DetectorKind::kOldVersion;
  for (const Node* const value : values_of(builder, products, "products")) {
    const std::string_view text = value->text;
    const std::size_t blank = std::min(text.find(' '), text.size());
    WatchedProduct watched{std::string(text.substr(0, blank)), {}, value->text};
    const auto range = VersionRange::parse(blank == text.size() ? "" : text.substr(blank + 1));
    if (!is_name(watched.product) || (blank < text.size()) != versions || (versions && !range)) {
      mistake(builder, *value, "a product", versions ? "write \"firefox >=115\"" : "write firefox");
      continue;
    }
    const Catalogue* const catalogue = builder.options.catalogue;
    if (catalogue != nullptr && catalogue->find(watched.product) == nullptr) {
      builder.mistakes.add(*value, fmt::format("the software catalogue has no product {}", watched.product),
                           "add it to the catalogue");
    }
    if (versions) watched.versions = *range;
    settings.products.push_back(std::move(watched));
  }
  if (settings.products.size() > kWatchedProductsMax)
    builder.mistakes.add(products, fmt::format("more than {} products", kWatchedProductsMax));
}

DetectorSettings compile_detector(Builder& builder, const DetectorRow& row, const Node& node) {
  DetectorSettings settings = usual_settings(row.kind);
  check_keys(builder, node, KeyMap::kDetector);
  check_understood(builder, node, row);
  Rule frame;  // it reads `when` and `severity`
  frame.severity = settings.severity;
  compile_rule_frame(builder, node, frame);
  settings.severity = frame.severity;
  settings.when = frame.when;
  if (const Node* const on = node.find("on"))
    settings.on = builder.mistakes.boolean(*on, "on").value_or(true);
  compile_numbers(builder, node, settings);
  compile_amounts(builder, node, settings);
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "except") compile_except(builder, entry.value, settings);
    if (entry.key == "except_domains") add_domains_and_lists(builder, entry, settings.except_domains);
    if (entry.key == "products") compile_products(builder, entry.value, settings);
  }
  if (row.when && settings.when.always)
    builder.mistakes.add(node, fmt::format("{} does not say when", row.name), "add when: {not: office}");
  if (row.needs_products && node.find("products") == nullptr)
    builder.mistakes.add(node, fmt::format("{} does not say of which products", row.name),
                         row.kind == DetectorKind::kOldVersion ? "add products: [\"firefox >=115\"]"
                                                               : "add products: [firefox]");
  return settings;
}

}  // namespace

void compile_detect(Builder& builder, const Node& node) {
  if (!expect_map(builder, node, "detect")) return;
  check_keys(builder, node, KeyMap::kDetect);
  auto section = std::make_shared<DetectSection>();
  for (const DetectorRow& row : detector_rows()) {
    const auto entry = std::find_if(node.entries.begin(), node.entries.end(),
                                    [&](const Node::Entry& one) { return one.key == row.name; });
    if (entry == node.entries.end() || !expect_map(builder, entry->value, row.name)) continue;
    if (const auto rule = builder.rule_lines.find(row.name); rule != builder.rule_lines.end()) {
      builder.mistakes.add(entry->line, entry->column,
                           fmt::format("a rule on line {} is called {} as well", rule->second, row.name),
                           "give the rule another name: their violations would be the same");
    }
    section->detectors.push_back(compile_detector(builder, row, entry->value));
  }
  builder.parts.detect = std::move(section);
}

}  // namespace weir::policy
