// SPDX-License-Identifier: Apache-2.0
// The mapping file of a directory: which users its groups have. A line a group, by hand or written by
// `weirctl directory fetch`:
//   # a comment
//   Domain Users: anna, bert, carl@OTHER.LAN
//   "R&D: core": anna
// A name in quotes may hold a colon; \" and \\ stand for a quote and a backslash in it. A group on several
// lines has the users of all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kDirectoryBytesMax = 64U << 20U;
inline constexpr std::size_t kDirectoryGroupsMax = 10'000;
inline constexpr std::size_t kDirectoryMembersMax = 1'000'000;  // of all groups together
inline constexpr std::size_t kDirectoryNameBytesMax = 255;      // of a group or a user
inline constexpr std::size_t kDirectoryMistakesMax = 50;        // then reading stops

struct DirectoryGroup {
  std::string name;
  std::vector<std::string> users;
};

class DirectoryMap {
 public:
  /// All mistakes, each with its line and column in `file`.
  [[nodiscard]] static ResultAll<DirectoryMap> parse(std::string_view text, const std::string& file);
  [[nodiscard]] static ResultAll<DirectoryMap> load(const std::string& path);
  /// The group of that name, letters in any case; made when there is none. Valid until the next call.
  DirectoryGroup& group(std::string_view name);

  [[nodiscard]] const DirectoryGroup* find(std::string_view name) const;
  [[nodiscard]] const std::vector<DirectoryGroup>& groups() const { return groups_; }  // by name
  [[nodiscard]] std::size_t members() const;
  /// As a file that `parse` reads, groups and users in order.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<DirectoryGroup> groups_;  // sorted by the lower case of their names
};

/// Empty: it may stand in the file as a user; else why not.
[[nodiscard]] std::string_view wrong_user(std::string_view user);
/// The same of a group.
[[nodiscard]] std::string_view wrong_group(std::string_view group);

}  // namespace weir::policy
