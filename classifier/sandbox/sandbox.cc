// SPDX-License-Identifier: Apache-2.0
#include "classifier/sandbox/sandbox.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "classifier/sandbox/landlock.h"
#include "classifier/sandbox/seccomp_filter.h"

namespace weir::classifier {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizerBuild = true;  // its runtime makes system calls that the filter forbids
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitizerBuild = true;
#else
constexpr bool kSanitizerBuild = false;
#endif
#else
constexpr bool kSanitizerBuild = false;
#endif

tl::unexpected<Error> refused(const char* what) {
  return failure(ErrorCode::kSystem, std::string{what} + ": " + std::strerror(errno));
}

Result<bool> drop_user(const std::string& user) {
  if (geteuid() != 0 || user.empty()) return false;
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) {
    return failure(ErrorCode::kInvalid, "there is no user " + user,
                   "create it, or name another one as classifier.user in the settings");
  }
  // Supplementary groups open the sockets of the run directory; root's own are dropped with this.
  if (initgroups(user.c_str(), entry->pw_gid) != 0) return refused("initgroups");
  if (setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0) return refused("setresgid");
  if (setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0) return refused("setresuid");
  return true;
}

/// Before the user is dropped: clearing the bounding set needs CAP_SETPCAP, which goes with root.
Result<void> drop_bounding_set() {
  if (geteuid() != 0) return {};  // never had the capability; no_new_privs keeps the set from mattering
  capng_get_caps_process();
  capng_clear(CAPNG_SELECT_BOUNDS);
  if (capng_apply(CAPNG_SELECT_BOUNDS) != 0) return refused("cannot clear the capability bounding set");
  return {};
}

Result<void> drop_powers() {
  capng_clear(CAPNG_SELECT_BOTH);
  if (capng_apply(CAPNG_SELECT_CAPS) != 0) return refused("cannot clear the capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("PR_SET_DUMPABLE");
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return refused("RLIMIT_CORE");
  return {};
}

}  // namespace

Result<SandboxReport> enter_sandbox(const SandboxOptions& options) {
  SandboxReport report;
  if (auto done = drop_bounding_set(); !done) return tl::unexpected(done.error());
  const auto dropped = drop_user(options.user);
  if (!dropped) return tl::unexpected(dropped.error());
  report.user_dropped = *dropped;
  if (auto done = drop_powers(); !done) return tl::unexpected(done.error());
  const auto abi = restrict_file_system(options.readable, options.writable);
  if (!abi) return tl::unexpected(abi.error());
  report.landlock_abi = *abi;
  if (options.seccomp && !kSanitizerBuild) {
    if (auto loaded = load_seccomp_filter(); !loaded) return tl::unexpected(loaded.error());
    report.seccomp = true;
  }
  return report;
}

void log_sandbox(const SandboxReport& report) {
  spdlog::info("sandbox_entered user_dropped={} landlock_abi={} seccomp={}", report.user_dropped,
               report.landlock_abi, report.seccomp);
  if (report.landlock_abi == 0) {
    spdlog::warn(
        "sandbox_incomplete missing=landlock effect=\"the file system is guarded by the user's rights "
        "alone\"");
  }
  if (!report.seccomp)
    spdlog::warn("sandbox_incomplete missing=seccomp effect=\"no system call is refused\"");
}

}  // namespace weir::classifier
