// SPDX-License-Identifier: Apache-2.0
#include "policy/model/password_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace weir {
namespace {

tl::unexpected<Error> password_failure(ErrorCode code, std::string what, std::string advice,
                                       const std::string& path) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(advice), {path, 0, 0}});
}

}  // namespace

Result<std::string> read_password(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0)
    return password_failure(ErrorCode::kSystem, fmt::format("cannot be opened: {}", std::strerror(errno)), {},
                            path);
  struct stat about {};
  std::array<char, kPasswordBytesMax + 1> bytes{};
  const bool file = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  const bool owned = about.st_uid == 0 || about.st_uid == geteuid();
  const bool kept = (about.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  const ssize_t count = file && owned && kept ? read(descriptor, bytes.data(), bytes.size()) : 0;
  close(descriptor);
  if (!file) return password_failure(ErrorCode::kInvalid, "is not a regular file", {}, path);
  if (!owned || !kept)
    return password_failure(ErrorCode::kInvalid, "may be read or changed by others",
                            fmt::format("chown root {0} and chmod 600 {0}", path), path);
  std::string password(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  explicit_bzero(bytes.data(), bytes.size());
  password.resize(std::min(password.find_first_of("\r\n"), password.size()));
  if (password.empty())
    return password_failure(ErrorCode::kInvalid, "has no password in its first line", {}, path);
  if (password.size() > kPasswordBytesMax)
    return password_failure(ErrorCode::kLimit,
                            fmt::format("has more than {} bytes in its first line", kPasswordBytesMax), {},
                            path);
  return password;
}

}  // namespace weir
