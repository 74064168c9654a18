// SPDX-License-Identifier: Apache-2.0
#include "policy/model/settings_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "policy/model/document_text.h"
#include "policy/model/settings_table.h"
#include "policy/model/text_file.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

void shift(Node& node, int lines) {
  node.line += lines;
  for (Node& item : node.items) shift(item, lines);
  for (Node::Entry& entry : node.entries) {
    entry.line += lines;
    shift(entry.value, lines);
  }
}

void lay_over(Node& under, Node over) {
  for (Node::Entry& entry : over.entries) {
    const auto at = std::find_if(under.entries.begin(), under.entries.end(),
                                 [&](const Node::Entry& one) { return one.key == entry.key; });
    if (at == under.entries.end()) {
      under.entries.push_back(std::move(entry));
    } else if (at->value.kind == Node::Kind::kMap && entry.value.kind == Node::Kind::kMap) {
      lay_over(at->value, std::move(entry.value));
    } else {
      *at = std::move(entry);
    }
  }
}

/// The files of conf.d, in their order.
Result<std::vector<std::string>> parts_beside(const std::string& path) {
  const fs::path folder = fs::path{path}.parent_path() / "conf.d";
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.ends_with(".yaml") && !name.starts_with('.')) found.push_back(at->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return tl::unexpected<Error>(
        Error{ErrorCode::kSystem, "cannot be read: " + error.message(), {}, {folder.string(), 0, 0}});
  }
  if (found.size() > kSettingsPartsMax) {
    return tl::unexpected<Error>(Error{ErrorCode::kLimit,
                                       fmt::format("{} files, more than {}", found.size(), kSettingsPartsMax),
                                       "join some of them",
                                       {folder.string(), 0, 0}});
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Collects what is shown of a tree.
class Shower {
 public:
  explicit Shower(const SettingsFiles& files) : files_(files) {}

  void set(const std::string& key, const Node& node) {
    const SourceMark at = files_.place(node.line, node.column);
    shown_.push_back({key, inline_text(node), fmt::format("{}:{}", at.file, at.line)});
  }
  void table_row(const Node* map, const std::string& key, const SettingRow& row) {
    const Node* const node = map != nullptr ? map->find(row.key) : nullptr;
    if (node != nullptr) return set(key, *node);
    shown_.push_back({key, default_text(row), "default"});
  }
  /// What stands in a list, or in a map that has no rows, each value by itself.
  void leaves(const std::string& key, const Node& node) {
    const bool of_maps =
        node.kind == Node::Kind::kList && !node.items.empty() && node.items.front().kind == Node::Kind::kMap;
    if (of_maps) {
      for (std::size_t i = 0; i < node.items.size(); ++i)
        leaves(fmt::format("{}[{}]", key, i), node.items[i]);
    } else if (node.kind == Node::Kind::kMap && !node.entries.empty()) {
      for (const Node::Entry& entry : node.entries) leaves(fmt::format("{}.{}", key, entry.key), entry.value);
    } else {
      set(key, node);
    }
  }
  [[nodiscard]] std::vector<ShownSetting> take() { return std::move(shown_); }

 private:
  const SettingsFiles& files_;
  std::vector<ShownSetting> shown_;
};

}  // namespace

SourceMark SettingsFiles::place(int line, int column) const {
  const auto after = std::find_if(parts_.begin(), parts_.end(),
                                  [line](const Part& part) { return line > 0 && part.before >= line; });
  const Part& part = after == parts_.begin() || line <= 0 ? parts_.front() : *std::prev(after);
  return {part.file, line - part.before, column};
}

std::vector<Error> SettingsFiles::placed(std::vector<Error> errors) const {
  for (Error& error : errors) error.at = place(error.at.line, error.at.column);
  return errors;
}

ResultAll<void> SettingsFiles::add(const std::string& file) {
  const auto text = read_text_file(file, DocumentLimits{}.bytes_max);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  auto root = parse_document(*text, file);
  if (!root) return tl::unexpected(std::move(root.error()));
  const bool first = parts_.empty();
  shift(*root, lines_);
  parts_.push_back({file, lines_});
  lines_ += static_cast<int>(std::count(text->begin(), text->end(), '\n')) + 1;
  if (first) {
    root_ = std::move(*root);
  } else if (root->kind == Node::Kind::kMap) {
    lay_over(root_, std::move(*root));
  } else if (root->kind != Node::Kind::kNull) {
    return tl::unexpected(std::vector<Error>{{ErrorCode::kInvalid,
                                              "the settings must be a map, not " + shown(*root),
                                              "write KEY: VALUE",
                                              {file, 1, 1}}});
  }
  return {};
}

ResultAll<SettingsFiles> SettingsFiles::read(const std::string& path) {
  SettingsFiles files;
  if (auto added = files.add(path); !added) return tl::unexpected(std::move(added.error()));
  const auto parts = parts_beside(path);
  if (!parts) return tl::unexpected(std::vector<Error>{parts.error()});
  std::vector<Error> wrong;
  for (const std::string& part : *parts) {
    if (auto added = files.add(part); !added)
      wrong.insert(wrong.end(), added.error().begin(), added.error().end());
  }
  if (!wrong.empty()) return tl::unexpected(std::move(wrong));
  return files;
}

ResultAll<Settings> load_settings(const std::string& path) {
  const auto files = SettingsFiles::read(path);
  if (!files) return tl::unexpected(files.error());
  auto settings = settings_of(files->root(), path);
  if (!settings) return tl::unexpected(files->placed(std::move(settings.error())));
  return settings;
}

std::vector<ShownSetting> shown_settings(const SettingsFiles& files) {
  Shower shower{files};
  const Node& root = files.root();
  for (const SettingRow& row : settings_table()) {
    const bool in_list = row.number == nullptr && row.text == nullptr && row.choice == nullptr;
    if (in_list) continue;
    const Node* const map = row.section.empty() ? &root : root.find(row.section);
    const std::string prefix = row.section.empty() ? "" : std::string{row.section} + ".";
    shower.table_row(map, prefix + std::string{row.key}, row);
  }
  for (const std::string_view list : {"pairs", "outputs", "notifications"}) {
    if (const Node* const node = root.find(list)) shower.leaves(std::string{list}, *node);
  }
  return shower.take();
}

}  // namespace weir
