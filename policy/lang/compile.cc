// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "policy/lang/analysis.h"
#include "policy/lang/builder.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/words.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

bool check_version(Builder& builder, const Node& root) {
  if (root.kind != Node::Kind::kMap) {
    builder.mistakes.add(1, 1, fmt::format("a policy must be a map, not {}", shown(root)),
                         "begin with weir-policy: 1");
    return false;
  }
  const Node* const version = root.find("weir-policy");
  if (version == nullptr) {
    builder.mistakes.add(1, 1, "the policy does not say its version",
                         "begin the file with the line weir-policy: 1");
    return false;
  }
  if (version->kind == Node::Kind::kScalar && version->text == "1") return true;
  builder.mistakes.add(*version, fmt::format("policy version {} is not known", shown(*version)),
                       "write weir-policy: 1");
  return false;
}

void compile_mode(Builder& builder, const Node& root) {
  const Node* const mode = root.find("mode");
  if (mode != nullptr) builder.parts.monitor = word_of(builder, *mode, KeyMap::kPolicy, "mode") == 0U;
}

void compile_parts(Builder& builder, const Node& root) {
  const auto step = [&](std::string_view key, auto&& compile_step) {
    if (const Node* const node = root.find(key)) compile_step(*node);
  };
  check_keys(builder, root, KeyMap::kPolicy);
  compile_zone(builder, root);
  compile_mode(builder, root);
  step("directory", [&](const Node& node) { compile_directory(builder, node); });
  step("groups", [&](const Node& node) { compile_groups(builder, root, node); });
  step("schedules", [&](const Node& node) { compile_schedules(builder, node); });
  step("lists", [&](const Node& node) { compile_lists(builder, node); });
  step("categories", [&](const Node& node) { compile_categories(builder, node); });
  step("network", [&](const Node& node) { compile_rules(builder, Section::kNetwork, node); });
  step("web", [&](const Node& node) { compile_rules(builder, Section::kWeb, node); });
  step("email", [&](const Node& node) { compile_rules(builder, Section::kEmail, node); });
  step("software", [&](const Node& node) { compile_software(builder, node); });
  step("exceptions", [&](const Node& node) { compile_exceptions(builder, node); });
  step("detect", [&](const Node& node) { compile_detect(builder, node); });
  step("assert", [&](const Node& node) { compile_assertions(builder, root, node); });
  step("tests", [&](const Node& node) { compile_tests(builder, node); });
  add_kept_exceptions(builder);  // last: what the text says does not depend on them
  index_exceptions(builder.parts);
}

void index_clients_and_rules(PolicyParts& parts) {
  parts.group_index = GroupIndex{parts.groups};
  for (std::size_t section = 0; section < parts.rule_indices.size(); ++section)
    parts.rule_indices[section] = RuleIndex{parts.rules[section], parts.groups.size()};
}

/// Those of the policy text first, then those of list files.
std::vector<Error> all_mistakes(Builder& builder) {
  std::vector<Error> errors = builder.mistakes.take();
  errors.insert(errors.end(), builder.list_mistakes.begin(), builder.list_mistakes.end());
  return errors;
}

}  // namespace

ResultAll<std::shared_ptr<const Policy>> compile(std::string_view text, const CompileOptions& options) {
  const auto root =
      parse_document(text, options.file, {.bytes_max = kPolicyTextBytesMax, .depth_max = kPolicyDepthMax});
  if (!root) return tl::unexpected(root.error());
  Builder builder{options};
  if (check_version(builder, *root)) compile_parts(builder, *root);
  if (!builder.mistakes.empty() || !builder.list_mistakes.empty())
    return tl::unexpected(all_mistakes(builder));
  builder.parts.revision = options.revision;
  index_clients_and_rules(builder.parts);
  if (options.warnings != nullptr) *options.warnings = analyse(builder, *root);
  return std::make_shared<const Policy>(std::move(builder.parts));
}

ResultAll<std::shared_ptr<const Policy>> compile_file(const std::string& path, std::uint32_t revision,
                                                      const Catalogue* catalogue,
                                                      const std::string& exceptions,
                                                      std::vector<Error>* warnings) {
  const auto text = read_text_file(path, kPolicyTextBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  const auto kept = exceptions.empty() ? ResultAll<ExceptionsFile>{} : read_exceptions(exceptions);
  const std::string directory = std::filesystem::path(path).parent_path().string();
  return compile(*text, {.file = path,
                         .directory = directory.empty() ? "." : directory,
                         .revision = revision,
                         .catalogue = catalogue,
                         .exceptions = &kept,
                         .warnings = warnings});
}

bool expect_map(Builder& builder, const Node& node, std::string_view what) {
  if (node.kind == Node::Kind::kMap) return true;
  builder.mistakes.add(node, fmt::format("{} must be a map, not {}", what, shown(node)),
                       "write {key: value}");
  return false;
}

void check_keys(Builder& builder, const Node& map, KeyMap keys) {
  for (const Node::Entry& entry : map.entries) {
    if (find_key(keys, entry.key) != nullptr) continue;
    if (is_later_key(keys, entry.key)) {
      builder.mistakes.add(entry.line, entry.column,
                           fmt::format("{} is not available in this version", entry.key),
                           "remove it: nothing would enforce it");
      continue;
    }
    std::vector<std::string_view> known;
    for (const KeyRow& row : keys_of(keys))
      if (row.type != KeyType::kLater) known.push_back(row.key);
    builder.mistakes.add(entry.line, entry.column, fmt::format("unknown key {}", entry.key),
                         meant(entry.key, known, fmt::format("known here: {}", fmt::join(known, ", "))));
  }
}

std::optional<std::size_t> word_of(Builder& builder, const Node& node, KeyMap map, std::string_view key) {
  const std::vector<std::string_view> words = words_of(map, key);
  const auto at = std::find(words.begin(), words.end(), node.text);
  if (node.kind == Node::Kind::kScalar && at != words.end())
    return static_cast<std::size_t>(at - words.begin());
  builder.mistakes.add(node, fmt::format("{} is {}", key, shown(node)), "write " + or_text(words));
  return std::nullopt;
}

std::vector<const Node*> values_of(Builder& builder, const Node& node, std::string_view what) {
  std::vector<const Node*> values = builder.mistakes.scalars(node, what);
  if (values.size() <= kValuesPerKeyMax) return values;
  builder.mistakes.add(node,
                       fmt::format("{} values in {}, more than {}", values.size(), what, kValuesPerKeyMax),
                       "put domains into a list file; split other values over several rules");
  return {};
}

}  // namespace weir::policy
