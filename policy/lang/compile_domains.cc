// SPDX-License-Identifier: Apache-2.0
// Lists and categories: names for sets of domains. Their files are read here, at compile time, once.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "policy/categories/list_file.h"
#include "policy/lang/builder.h"
#include "policy/lang/words.h"

namespace weir::policy {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kListMistakesMax =
    50;  // of all list files of one policy; the rest would only repeat them

/// Reads a list file into `set`. A file that cannot be read is a mistake of the policy, at `at`; wrong lines
/// in it are mistakes of that file.
void add_file(Builder& builder, const Node& at, const std::string& path, DomainSet set) {
  builder.written_domains[set].whole = false;
  const auto read = load_list(path, set, builder.parts.domains);
  if (read) {
    if (*read == 0) builder.mistakes.add(at, fmt::format("{} names no domain", path), "one domain a line");
    return;
  }
  for (const Error& error : read.error()) {
    if (error.at.line == 0) {
      builder.mistakes.add(at, fmt::format("{} {}", path, error.what));
    } else if (builder.list_mistakes.size() < kListMistakesMax) {
      builder.list_mistakes.push_back(error);
    }
  }
}

/// One list or category: {domains: [...], file: x.txt}, at least one of the two.
void compile_set(Builder& builder, const Node& node, std::string_view name, DomainSet set) {
  if (!expect_map(builder, node, name)) return;
  check_keys(builder, node, KeyMap::kDomains);
  const Node* const domains = node.find("domains");
  const Node* const file = node.find("file");
  if (domains == nullptr && file == nullptr) {
    builder.mistakes.add(node, fmt::format("{} names no domains", name),
                         "add domains: [...] or file: name.txt");
  }
  if (domains != nullptr) {
    for (const Node* const value : values_of(builder, *domains, "domains")) add_domain(builder, *value, set);
  }
  if (file != nullptr) {
    if (const std::string written = builder.mistakes.text(*file, "file"); !written.empty()) {
      add_file(builder, *file, full_path(builder, written), set);
    }
  }
}

void compile_sets(Builder& builder, const Node& map, std::map<std::string, DomainSet, std::less<>>& into) {
  for (const Node::Entry& entry : map.entries) {
    if (!is_name(entry.key)) {
      builder.mistakes.add(entry.line, entry.column, fmt::format("\"{}\" is not a name", entry.key),
                           kNameAdvice);
    }
    const auto set = new_set(builder, entry.value);
    if (!set) return;
    into.emplace(entry.key, *set);
    compile_set(builder, entry.value, entry.key, *set);
  }
}

/// Every NAME.txt of a folder is the category NAME.
void compile_folder(Builder& builder, const Node& node) {
  const std::string folder = full_path(builder, node.text);
  std::error_code problem;
  std::vector<fs::path> files;
  for (auto at = fs::directory_iterator(folder, problem); !problem && at != fs::directory_iterator();
       at.increment(problem)) {
    if (at->path().extension() == ".txt") files.push_back(at->path());
    if (files.size() > kDomainSetsMax) break;
  }
  if (problem) {
    builder.mistakes.add(node, fmt::format("{} cannot be read as a folder: {}", folder, problem.message()));
    return;
  }
  if (files.empty())
    builder.mistakes.add(node, fmt::format("{} holds no NAME.txt", folder), "one file a category");
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string name = file.stem().string();
    if (!is_name(name)) {
      builder.mistakes.add(node, fmt::format("{} does not name a category", file.string()), kNameAdvice);
      continue;
    }
    const auto set = new_set(builder, node);
    if (!set) return;
    builder.categories.emplace(name, *set);
    add_file(builder, node, file.string(), *set);
  }
}

/// The file that `weirctl category import` made; nullptr: there is none, or it is damaged, which is a mistake
/// at the first rule that needs it.
const CategoryFile* imported_file(Builder& builder, const Node& at) {
  if (!builder.imported) {
    builder.imported = CategoryFile::open(full_path(builder, kCategoryFileName));
    const bool wrong = !*builder.imported && builder.imported->error().code != ErrorCode::kNotFound;
    if (wrong) {
      const Error& error = builder.imported->error();
      builder.mistakes.add(at, fmt::format("{} {}", error.at.file, error.what), error.advice);
    }
  }
  return *builder.imported ? &**builder.imported : nullptr;
}

}  // namespace

std::string full_path(const Builder& builder, const std::string& written) {
  return (fs::path(builder.options.directory) / written).lexically_normal().string();
}

std::optional<DomainSet> category_set(Builder& builder, const Node& at) {
  if (const auto known = builder.categories.find(at.text); known != builder.categories.end())
    return known->second;
  const bool asked_before = builder.imported.has_value();
  const CategoryFile* const file = imported_file(builder, at);
  std::vector<std::string_view> known;
  for (const auto& [name, set] : builder.categories) known.push_back(name);
  if (file != nullptr) {
    for (const CategoryList& list : file->lists()) known.push_back(list.category);
    if (std::find(known.begin(), known.end(), at.text) != known.end()) {
      const auto set = new_set(builder, at);
      if (!set) return std::nullopt;
      static_cast<void>(builder.parts.domains.import(*file, at.text, *set));
      builder.categories.emplace(at.text, *set);
      return set;
    }
  }
  const bool damaged = !*builder.imported && builder.imported->error().code != ErrorCode::kNotFound;
  if (damaged && !asked_before) return std::nullopt;  // that was said
  builder.mistakes.add(
      at, fmt::format("no category is called {}", shown(at)),
      meant(at.text, known, "declare it under categories, or import it: weirctl category import"));
  return std::nullopt;
}

std::optional<DomainSet> new_set(Builder& builder, const Node& at) {
  const auto set = builder.parts.domains.add_set();
  if (set) return *set;
  if (!builder.sets_are_full) builder.mistakes.add(at, set.error().what, set.error().advice);
  builder.sets_are_full = true;
  return std::nullopt;
}

void add_domain(Builder& builder, const Node& at, DomainSet set) {
  if (const auto added = builder.parts.domains.add(set, at.text); !added) {
    builder.mistakes.add(at, added.error().what, added.error().advice);
  }
  builder.written_domains[set].patterns.push_back(at.text);
}

void compile_lists(Builder& builder, const Node& lists) {
  if (expect_map(builder, lists, "lists")) compile_sets(builder, lists, builder.lists);
}

void compile_categories(Builder& builder, const Node& categories) {
  if (categories.kind == Node::Kind::kScalar) {
    compile_folder(builder, categories);
  } else if (expect_map(builder, categories, "categories")) {
    compile_sets(builder, categories, builder.categories);
  }
}

}  // namespace weir::policy
