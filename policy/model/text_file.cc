// SPDX-License-Identifier: Apache-2.0
#include "policy/model/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace weir {
namespace {

tl::unexpected<Error> file_failure(ErrorCode code, std::string what, const std::string& path) {
  return tl::unexpected<Error>(Error{code, std::move(what), {}, {path, 0, 0}});
}

struct Descriptor {
  int fd = -1;
  explicit Descriptor(int opened) : fd(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    const ErrorCode code = errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kSystem;
    return file_failure(code, fmt::format("cannot be opened: {}", std::generic_category().message(errno)),
                        path);
  }
  struct stat status {};
  if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return file_failure(ErrorCode::kSystem, "is not a regular file", path);
  }
  std::string text;
  std::string chunk(65'536, '\0');
  for (;;) {
    const ssize_t count = read(file.fd, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_failure(ErrorCode::kSystem, std::generic_category().message(errno), path);
    if (count == 0) return text;
    text.append(chunk, 0, static_cast<std::size_t>(count));
    if (text.size() > bytes_max) {
      return file_failure(ErrorCode::kLimit, fmt::format("has more than {} bytes", bytes_max), path);
    }
  }
}

}  // namespace weir
