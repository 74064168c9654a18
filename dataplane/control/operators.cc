// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/operators.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace weir::dataplane {
namespace {

constexpr int kGroupsMax = 256;

}  // namespace

bool may_operate(std::uint32_t uid, const std::string& group) {
  if (uid == 0 || uid == geteuid()) return true;
  std::array<char, 16'384> buffer{};
  passwd user{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &user, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return false;
  std::array<gid_t, kGroupsMax> groups{};
  int count = kGroupsMax;
  if (getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) < 0) return false;
  ::group wanted{};
  ::group* known = nullptr;
  if (getgrnam_r(group.c_str(), &wanted, buffer.data(), buffer.size(), &known) != 0 || known == nullptr) {
    return false;
  }
  return std::find(groups.begin(), groups.begin() + count, wanted.gr_gid) != groups.begin() + count;
}

}  // namespace weir::dataplane
