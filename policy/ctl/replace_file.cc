// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/replace_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "policy/model/durable_file.h"

namespace weir::ctl {
namespace {

tl::unexpected<Error> io_failure(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

std::string parent_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path{path}.parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace

Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string beside = path + ".new";
  const int descriptor = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (descriptor < 0) return io_failure("cannot write", beside);
  struct stat folder {};
  const bool owned = stat(parent_of(path).c_str(), &folder) == 0 && fchmod(descriptor, 0640) == 0 &&
                     (fchown(descriptor, static_cast<uid_t>(-1), folder.st_gid) == 0 || errno == EPERM);
  const bool written = owned && write_all(descriptor, bytes) && fsync(descriptor) == 0;
  const int why = errno;
  close(descriptor);
  errno = why;
  if (!written) return io_failure("cannot write", beside);
  if (rename(beside.c_str(), path.c_str()) != 0) return io_failure("cannot replace", path);
  return {};
}

}  // namespace weir::ctl
