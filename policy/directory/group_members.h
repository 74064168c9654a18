// SPDX-License-Identifier: Apache-2.0
// From the entries of a directory to the users of its groups. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/lang/directory_map.h"
#include "policy/model/error.h"

namespace weir::policy {

inline constexpr std::size_t kNestedStepsMax = 10'000'000;  // from group to member, over all groups

/// Distinguished names are in one form, so that equal ones are equal texts.
struct GroupEntry {
  std::string dn;
  std::string name;
  std::vector<std::string> member_dns;   // users and groups
  std::vector<std::string> member_uids;  // users (RFC 2307)
};
using UsersByDn = std::unordered_map<std::string, std::string>;

struct MappedGroups {
  DirectoryMap map;
  std::vector<std::string> same_name;  // left out: another group has the same name
  std::size_t groups_refused = 0;      // without a name that the mapping file can hold
  std::size_t users_refused = 0;       // likewise; each as often as it is a member
  std::size_t members_unknown = 0;     // neither a user nor a group of these; likewise
};

/// `nested`: levels of groups within a group that are followed. kLimit: more than a mapping file holds, or
/// than kNestedStepsMax.
[[nodiscard]] Result<MappedGroups> map_groups(const std::vector<GroupEntry>& groups, const UsersByDn& users,
                                              std::uint32_t nested);

/// Of "member;range=0-1499", as Active Directory gives a long list in parts: where the next part begins.
/// nullopt: the attribute is another one, or this is the last part.
[[nodiscard]] std::optional<std::size_t> next_part(std::string_view description, std::string_view attribute);

}  // namespace weir::policy
