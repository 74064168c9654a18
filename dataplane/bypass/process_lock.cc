// SPDX-License-Identifier: Apache-2.0
#include "dataplane/bypass/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "dataplane/bypass/shared_file.h"

namespace weir::dataplane {
namespace {

constexpr std::chrono::milliseconds kRetryInterval{10};

std::string holder_of(int fd) {
  std::array<char, 16> text{};
  const ssize_t got = ::pread(fd, text.data(), text.size() - 1, 0);
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : "?";
}

}  // namespace

Result<std::unique_ptr<ProcessLock>> ProcessLock::take(const Settings& settings,
                                                       std::chrono::milliseconds patience) {
  const std::string path = settings.run_directory + "/dataplane.lock";
  const int fd = open_shared(path, O_RDWR);
  if (fd < 0) return failure(ErrorCode::kSystem, fmt::format("{}: {}", path, std::strerror(errno)));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= deadline) {
      const std::string holder = holder_of(fd);
      ::close(fd);
      return failure(ErrorCode::kUnavailable, fmt::format("{} is held by process {}", path, holder));
    }
    std::this_thread::sleep_for(kRetryInterval);
  }
  const std::string mine = fmt::format("{}", getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, mine.data(), mine.size(), 0) < 0) {
    // Only the pid in an error's text is lost.
  }
  return std::unique_ptr<ProcessLock>(new ProcessLock(fd));
}

ProcessLock::~ProcessLock() { ::close(fd_); }

}  // namespace weir::dataplane
