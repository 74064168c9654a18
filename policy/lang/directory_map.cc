// SPDX-License-Identifier: Apache-2.0
#include "policy/lang/directory_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/lang/words.h"
#include "policy/model/text_file.h"

namespace weir::policy {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return text.substr(text.size());
  return text.substr(first, text.find_last_not_of(kBlanks) + 1 - first);
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

bool name_before(std::string_view one, std::string_view other) {
  return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end(),
                                      [](char a, char b) { return lower(a) < lower(b); });
}

class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  ResultAll<DirectoryMap> read(std::string_view text) {
    while (!text.empty() && mistakes_.size() < kDirectoryMistakesMax) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      read_line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!mistakes_.empty()) return tl::unexpected(std::move(mistakes_));
    return std::move(map_);
  }

 private:
  void mistake(std::string_view at, std::string what, std::string advice) {
    const auto column = static_cast<int>(at.data() - line_.data()) + 1;
    mistakes_.push_back({ErrorCode::kInvalid, std::move(what), std::move(advice), {file_, number_, column}});
  }

  void read_line(std::string_view line) {
    ++number_;
    line_ = line;
    std::string_view rest = trimmed(line);
    if (rest.empty() || rest.front() == '#') return;
    const std::string_view start = rest;
    std::string name;
    if (!(rest.front() == '"' ? take_quoted(rest, name) : take_plain(rest, name))) return;
    if (const std::string_view wrong = wrong_group(name); !wrong.empty())
      return mistake(start, fmt::format("the group {}", wrong), "write GROUP: USER, USER");
    if (map_.find(name) == nullptr && map_.groups().size() == kDirectoryGroupsMax)
      return mistake(start, fmt::format("more than {} groups", kDirectoryGroupsMax),
                     "leave out those that no policy names");
    read_users(rest, map_.group(name));
  }

  /// Up to the colon, which is taken too.
  bool take_plain(std::string_view& rest, std::string& name) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) {
      mistake(rest, "no colon behind the group", "write GROUP: USER, USER");
      return false;
    }
    name = trimmed(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
    return true;
  }

  bool take_quoted(std::string_view& rest, std::string& name) {
    std::size_t at = 1;
    for (; at < rest.size() && rest[at] != '"'; ++at) {
      if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
      name += rest[at];
    }
    const std::string_view after = trimmed(rest.substr(std::min(at + 1, rest.size())));
    if (at >= rest.size() || after.empty() || after.front() != ':') {
      mistake(rest, "no quote and colon behind the group", "write \"GROUP\": USER, USER");
      return false;
    }
    rest = after.substr(1);
    return true;
  }

  void read_users(std::string_view rest, DirectoryGroup& group) {
    if (trimmed(rest).empty()) return;
    while (true) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view user = trimmed(rest.substr(0, comma));
      if (const std::string_view wrong = wrong_user(user); !wrong.empty()) {
        mistake(user.empty() ? rest : user, fmt::format("a user {}", wrong), "write GROUP: USER, USER");
      } else if (members_ == kDirectoryMembersMax) {
        return mistake(user, fmt::format("more than {} members", kDirectoryMembersMax),
                       "leave out groups that no policy names");
      } else {
        ++members_;
        group.users.emplace_back(user);
      }
      if (comma == rest.size() || mistakes_.size() >= kDirectoryMistakesMax) return;
      rest.remove_prefix(comma + 1);
    }
  }

  const std::string& file_;
  DirectoryMap map_;
  std::vector<Error> mistakes_;
  std::string_view line_;
  int number_ = 0;
  std::size_t members_ = 0;
};

}  // namespace

std::string_view wrong_user(std::string_view user) {
  if (user.empty()) return "has no name";
  if (user.size() > kDirectoryNameBytesMax) return "has more than 255 bytes";
  if (has_control(user)) return "has control characters";
  if (user.find_first_of("*,\"") != std::string_view::npos) return "has one of * , \"";
  return trimmed(user) == user ? "" : "begins or ends with a blank";
}

std::string_view wrong_group(std::string_view group) {
  if (group.empty()) return "has no name";
  if (group.size() > kDirectoryNameBytesMax) return "has more than 255 bytes";
  if (has_control(group)) return "has control characters";
  return trimmed(group) == group ? "" : "begins or ends with a blank";
}

ResultAll<DirectoryMap> DirectoryMap::parse(std::string_view text, const std::string& file) {
  return Reader{file}.read(text);
}

ResultAll<DirectoryMap> DirectoryMap::load(const std::string& path) {
  const auto text = read_text_file(path, kDirectoryBytesMax);
  if (!text) return tl::unexpected(std::vector<Error>{text.error()});
  return parse(*text, path);
}

DirectoryGroup& DirectoryMap::group(std::string_view name) {
  const auto at = std::lower_bound(
      groups_.begin(), groups_.end(), name,
      [](const DirectoryGroup& one, std::string_view other) { return name_before(one.name, other); });
  if (at != groups_.end() && !name_before(name, at->name)) return *at;
  return *groups_.insert(at, {std::string(name), {}});
}

const DirectoryGroup* DirectoryMap::find(std::string_view name) const {
  const auto at = std::lower_bound(
      groups_.begin(), groups_.end(), name,
      [](const DirectoryGroup& one, std::string_view other) { return name_before(one.name, other); });
  return at != groups_.end() && !name_before(name, at->name) ? &*at : nullptr;
}

std::size_t DirectoryMap::members() const {
  std::size_t all = 0;
  for (const DirectoryGroup& group : groups_) all += group.users.size();
  return all;
}

std::string DirectoryMap::text() const {
  std::string text;
  for (const DirectoryGroup& group : groups_) {
    const bool quoted =
        group.name.find(':') != std::string::npos || group.name.front() == '"' || group.name.front() == '#';
    if (quoted) text += '"';
    for (const char c : group.name) {
      if (quoted && (c == '"' || c == '\\')) text += '\\';
      text += c;
    }
    text += quoted ? "\":" : ":";
    std::vector<std::string> users = group.users;
    std::sort(users.begin(), users.end());
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (std::size_t i = 0; i < users.size(); ++i) text += (i == 0 ? " " : ", ") + users[i];
    text += '\n';
  }
  return text;
}

}  // namespace weir::policy
