// SPDX-License-Identifier: Apache-2.0
#include "policy/model/daemon.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir {

Result<Account> account_of(const std::string& user, const std::string& setting) {
  const passwd* const entry = getpwnam(user.c_str());
  if (entry != nullptr) return Account{entry->pw_uid, entry->pw_gid};
  return failure(ErrorCode::kInvalid, fmt::format("there is no user {} to become", user),
                 fmt::format("create it, or name another in {}", setting));
}

Result<void> become(const std::string& user, const std::string& setting) {
  if (geteuid() != 0) return {};
  const auto account = account_of(user, setting);
  if (!account) return tl::unexpected(account.error());
  const auto [uid, gid] = *account;
  if (initgroups(user.c_str(), gid) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
    return failure(ErrorCode::kSystem, fmt::format("cannot become {}: {}", user, std::strerror(errno)));
  return {};
}

int signals_as_descriptor(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : signals) sigaddset(&set, one);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return -1;
  return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace weir
