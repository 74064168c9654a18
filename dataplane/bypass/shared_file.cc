// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/shared_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::dataplane {

int open_shared(const std::string& path, int flags) {
  constexpr mode_t kMode = 0660;
  const int fd = ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kMode);
  struct stat directory {};
  struct stat file {};
  if (fd < 0 || ::fstat(fd, &file) != 0 || file.st_uid != ::geteuid()) return fd;
  if (::stat(path.substr(0, path.rfind('/') + 1).c_str(), &directory) == 0 &&
      ::fchown(fd, static_cast<uid_t>(-1), directory.st_gid) != 0) {
    return fd;  // not a member of that group: then it is for its owner alone
  }
  static_cast<void>(::fchmod(fd, kMode));
  return fd;
}

}  // namespace weir::dataplane
