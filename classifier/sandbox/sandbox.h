// SPDX-License-Identifier: Apache-2.0
// Takes from this process everything that reading hostile bytes does not need: the user, capabilities, core
// dumps, the file system (Landlock) and system calls (seccomp). Called once, before any thread is started,
// after every file and socket of the start is open. There is no way back.
#pragma once

#include <string>
#include <vector>

#include "policy/model/error.h"

namespace weir::classifier {

struct SandboxOptions {
  std::string user;  // dropped to when started as root; empty: stay
  std::vector<std::string>
      readable;  // files and directories that may still be read; missing ones are left out
  std::vector<std::string> writable{};  // directories in which files may also be made, written and removed
  bool seccomp = true;
};

struct SandboxReport {
  bool user_dropped = false;
  int landlock_abi = 0;  // 0: this kernel has none
  bool seccomp = false;  // false: not asked for, or a sanitizer's build
};

[[nodiscard]] Result<SandboxReport> enter_sandbox(const SandboxOptions& options);

/// One log line that says what holds, and a warning for what the kernel lacks.
void log_sandbox(const SandboxReport& report);

}  // namespace weir::classifier
