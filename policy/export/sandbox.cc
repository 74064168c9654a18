// SPDX-License-Identifier: Apache-2.0
#include "policy/export/sandbox.h"

#include <fmt/format.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "policy/model/daemon.h"

namespace weir::output {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizerBuild = true;  // its runtime makes system calls that the filter forbids
#else
constexpr bool kSanitizerBuild = false;
#endif

constexpr std::array kForbidden = {
    // other programs and processes
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(pidfd_getfd), SCMP_SYS(kcmp),
    // callers
    SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    // the system
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(unshare),
    SCMP_SYS(setns), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(personality)};

tl::unexpected<Error> refused(const std::string& what) {
  return failure(ErrorCode::kSystem, fmt::format("{}: {}", what, std::strerror(errno)));
}

Result<void> load_filter() {
  const std::unique_ptr<void, decltype(&seccomp_release)> filter{seccomp_init(SCMP_ACT_ALLOW),
                                                                 &seccomp_release};
  if (!filter) return failure(ErrorCode::kSystem, "cannot build a seccomp filter");
  int status = 0;
  for (const int call : kForbidden) {
    if (status == 0) status = seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, call, 0);
  }
  if (status == 0) {  // a new process, not a new thread
    status = seccomp_rule_add(filter.get(), SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  }
  if (status == 0) {  // its arguments are behind a pointer: glibc falls back to clone
    status = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  }
  if (status == 0) {
    status = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
                              SCMP_A0(SCMP_CMP_EQ, AF_PACKET));
  }
  if (status == 0) status = seccomp_load(filter.get());
  if (status != 0) return failure(ErrorCode::kSystem, fmt::format("seccomp: {}", std::strerror(-status)));
  return {};
}

}  // namespace

Result<void> make_directories(const Settings& settings) {
  std::vector<std::filesystem::path> wanted{export_metrics_file(settings)};
  for (const OutputSettings& one : settings.outputs) {
    if (one.carrier == Carrier::kFile) wanted.emplace_back(one.path);
  }
  for (const std::filesystem::path& file : wanted) {
    const std::filesystem::path directory = file.parent_path();
    std::error_code error;
    const bool made = std::filesystem::create_directories(directory, error);
    if (error)
      return failure(ErrorCode::kSystem,
                     fmt::format("cannot make {}: {}", directory.string(), error.message()));
    if (!made || geteuid() != 0) continue;
    const auto account = account_of(settings.exporter.user, "export.user");
    if (!account) return tl::unexpected(account.error());
    if (chown(directory.c_str(), account->user, account->group) != 0)
      return refused(fmt::format("cannot give {} away", directory.string()));
  }
  return {};
}

Result<void> enter_sandbox() {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("PR_SET_DUMPABLE");
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return refused("RLIMIT_CORE");
  return kSanitizerBuild ? Result<void>{} : load_filter();
}

}  // namespace weir::output
