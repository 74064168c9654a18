// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/group_members.h"

#include <fmt/format.h>

#include <charconv>
#include <set>
#include <unordered_set>

#include "policy/lang/words.h"

namespace weir::policy {
namespace {

class Mapper {
 public:
  Mapper(const std::vector<GroupEntry>& groups, const UsersByDn& users, std::uint32_t nested)
      : groups_(groups), users_(users), nested_(nested) {
    for (const GroupEntry& group : groups) by_dn_.emplace(group.dn, &group);
  }

  Result<MappedGroups> run() {
    const std::set<std::string> twice = names_twice();
    for (const GroupEntry& group : groups_) {
      if (!wrong_group(group.name).empty()) {
        ++mapped_.groups_refused;
        continue;
      }
      if (twice.contains(lower_case(group.name))) continue;
      DirectoryGroup& into = mapped_.map.group(group.name);
      if (mapped_.map.groups().size() > kDirectoryGroupsMax)
        return too_many(fmt::format("more than {} groups", kDirectoryGroupsMax));
      std::unordered_set<const GroupEntry*> seen{&group};
      taken_.clear();
      take(group, 0, seen, into);
      if (members_ > kDirectoryMembersMax)
        return too_many(fmt::format("more than {} members", kDirectoryMembersMax));
      if (steps_ > kNestedStepsMax)
        return too_many(fmt::format("more than {} steps over nested groups", kNestedStepsMax));
    }
    return std::move(mapped_);
  }

 private:
  static tl::unexpected<Error> too_many(std::string what) {
    return failure(ErrorCode::kLimit, "the directory has " + what, "narrow group_filter, or lower nested");
  }

  /// Of two groups with one name a policy could not say which it means.
  std::set<std::string> names_twice() {
    std::set<std::string> once;
    std::set<std::string> twice;
    for (const GroupEntry& group : groups_) {
      if (const std::string name = lower_case(group.name);
          !once.insert(name).second && twice.insert(name).second)
        mapped_.same_name.push_back(group.name);
    }
    return twice;
  }

  void add(const std::string& user, DirectoryGroup& into) {
    if (!wrong_user(user).empty()) {
      ++mapped_.users_refused;
    } else if (taken_.insert(user).second && ++members_ <= kDirectoryMembersMax) {
      into.users.push_back(user);
    }
  }

  void take(const GroupEntry& group, std::uint32_t level, std::unordered_set<const GroupEntry*>& seen,
            DirectoryGroup& into) {
    for (const std::string& uid : group.member_uids) {
      if (++steps_ > kNestedStepsMax) return;
      add(uid, into);
    }
    for (const std::string& dn : group.member_dns) {
      if (++steps_ > kNestedStepsMax) return;
      if (const auto user = users_.find(dn); user != users_.end()) {
        add(user->second, into);
      } else if (const auto inner = by_dn_.find(dn); inner == by_dn_.end()) {
        ++mapped_.members_unknown;
      } else if (level < nested_ && seen.insert(inner->second).second) {
        take(*inner->second, level + 1, seen, into);
      }
    }
  }

  const std::vector<GroupEntry>& groups_;
  const UsersByDn& users_;
  std::uint32_t nested_;
  std::unordered_map<std::string_view, const GroupEntry*> by_dn_;
  std::unordered_set<std::string> taken_;  // of the group that is being filled
  MappedGroups mapped_;
  std::size_t members_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace

Result<MappedGroups> map_groups(const std::vector<GroupEntry>& groups, const UsersByDn& users,
                                std::uint32_t nested) {
  return Mapper{groups, users, nested}.run();
}

std::optional<std::size_t> next_part(std::string_view description, std::string_view attribute) {
  constexpr std::string_view kRange = ";range=";
  if (!description.starts_with(attribute)) return std::nullopt;
  description.remove_prefix(attribute.size());
  if (!description.starts_with(kRange)) return std::nullopt;
  const std::size_t dash = description.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view last = description.substr(dash + 1);
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
  if (error != std::errc{} || end != last.data() + last.size()) return std::nullopt;
  return number + 1;
}

}  // namespace weir::policy
