// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/become.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::notify {

Result<void> become(const std::string& user) {
  if (geteuid() != 0) return {};
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) {
    return failure(ErrorCode::kInvalid, fmt::format("there is no user {} to become", user),
                   "create it, or name another in notify.user");
  }
  const uid_t uid = entry->pw_uid;
  const gid_t gid = entry->pw_gid;
  if (initgroups(user.c_str(), gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
    return failure(ErrorCode::kSystem, fmt::format("cannot become {}: {}", user, std::strerror(errno)));
  return {};
}

}  // namespace weir::notify
