// SPDX-License-Identifier: Apache-2.0
// The settings file and what is laid over it: conf.d/*.yaml beside it, in the byte order of their names. A
// map is merged key by key, anything else replaces what was there before: the last file wins. Each value
// keeps its place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/model/document.h"
#include "policy/model/settings.h"

namespace weir {

inline constexpr std::size_t kSettingsPartsMax = 64;  // files in conf.d

/// All files as one tree. Lines count on from file to file, so that one number says both.
class SettingsFiles {
 public:
  /// kNotFound, kSystem, kLimit, kInvalid: of any of the files, all mistakes of their YAML.
  [[nodiscard]] static ResultAll<SettingsFiles> read(const std::string& path);

  [[nodiscard]] const Node& root() const { return root_; }
  /// The file and the line in it of a line of the tree.
  [[nodiscard]] SourceMark place(int line, int column) const;
  /// The errors of who read the tree, at their places in the files.
  [[nodiscard]] std::vector<Error> placed(std::vector<Error> errors) const;

 private:
  struct Part {
    std::string file;
    int before = 0;  // lines of the files before it
  };
  [[nodiscard]] ResultAll<void> add(const std::string& file);

  Node root_;
  std::vector<Part> parts_;
  int lines_ = 0;
};

/// What a tree says; mistakes are placed in `file`.
[[nodiscard]] ResultAll<Settings> settings_of(const Node& root, const std::string& file);

/// What a key is set to, and where.
struct ShownSetting {
  std::string key;     // memory.flows, pairs[0].name
  std::string value;   // as YAML on one line
  std::string origin;  // FILE:LINE, or default
};
/// Every key, with its default where no file says it; then what lists hold. The files have no mistake.
[[nodiscard]] std::vector<ShownSetting> shown_settings(const SettingsFiles& files);

}  // namespace weir
