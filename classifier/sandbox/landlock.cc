// SPDX-License-Identifier: Apache-2.0
#include "classifier/sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::classifier {
namespace {

// Debian 12's headers end at ABI 2; these bits are newer (linux/landlock.h of ABI 3 and 5).
constexpr std::uint64_t kTruncate = 1ULL << 14U;
constexpr std::uint64_t kIoctlDevice = 1ULL << 15U;
constexpr std::uint64_t kFiles =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | kTruncate;
constexpr std::uint64_t kAllOfAbi1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;

std::uint64_t handled_accesses(int abi) {
  std::uint64_t accesses = kAllOfAbi1;
  if (abi >= 2) accesses |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) accesses |= kTruncate;
  if (abi >= 5) accesses |= kIoctlDevice;
  return accesses;
}

std::string reason() { return std::strerror(errno); }

/// Whatever a path is, `more` counts only where the kernel knows it.
Result<void> allow(int ruleset, const std::string& path, std::uint64_t more) {
  const int place = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (place < 0) return {};
  struct stat about {};
  landlock_path_beneath_attr rule{};
  rule.parent_fd = place;
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | more;
  if (fstat(place, &about) == 0 && S_ISDIR(about.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  const long status = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U);
  const std::string why = reason();
  close(place);
  if (status != 0) return failure(ErrorCode::kSystem, "Landlock refuses " + path + ": " + why);
  return {};
}

}  // namespace

Result<int> restrict_file_system(const std::vector<std::string>& readable,
                                 const std::vector<std::string>& writable) {
  const long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0U, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi <= 0) return 0;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = handled_accesses(static_cast<int>(abi));
  const int ruleset = static_cast<int>(
      syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes.handled_access_fs), 0U));
  if (ruleset < 0) return failure(ErrorCode::kSystem, "Landlock: " + reason());
  Result<void> allowed;
  for (const std::string& path : readable) {
    if (allowed) allowed = allow(ruleset, path, 0);
  }
  for (const std::string& path : writable) {
    if (allowed) allowed = allow(ruleset, path, kFiles & attributes.handled_access_fs);
  }
  if (!allowed) {
    close(ruleset);
    return tl::unexpected(allowed.error());
  }
  const long status = syscall(SYS_landlock_restrict_self, ruleset, 0U);
  const std::string why = reason();
  close(ruleset);
  if (status != 0) return failure(ErrorCode::kSystem, "Landlock: " + why);
  return static_cast<int>(abi);
}

}  // namespace weir::classifier
