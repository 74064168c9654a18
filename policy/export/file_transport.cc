// SPDX-License-Identifier: Apache-2.0
#include "policy/export/file_transport.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace weir::output {
namespace {

tl::unexpected<Error> failed(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kUnavailable, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

Result<void> FileTransport::open() {
  file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (file_ < 0) return failed("open", path_);
  struct stat about {};
  if (fstat(file_, &about) != 0) return failed("look at", path_);
  if (!S_ISREG(about.st_mode)) {
    close();
    return failure(ErrorCode::kUnavailable, fmt::format("{} is not a regular file", path_));
  }
  bytes_ = static_cast<std::uint64_t>(about.st_size);
  return remove_torn_line();
}

Result<void> FileTransport::remove_torn_line() {
  std::array<char, 4'096> block{};
  std::uint64_t end = bytes_;
  while (end > 0) {
    const std::uint64_t from = end - std::min<std::uint64_t>(end, block.size());
    const ssize_t got = pread(file_, block.data(), end - from, static_cast<off_t>(from));
    if (got != static_cast<ssize_t>(end - from)) return failed("read", path_);
    const std::string_view text{block.data(), static_cast<std::size_t>(got)};
    const std::size_t last = text.rfind('\n');
    end = last == std::string_view::npos ? from : from + last + 1;
    if (last != std::string_view::npos) break;
  }
  if (end == bytes_) return {};
  if (ftruncate(file_, static_cast<off_t>(end)) != 0) return failed("mend", path_);
  bytes_ = end;
  return {};
}

Result<void> FileTransport::send(std::string_view message) {
  if (bytes_ > 0 && bytes_ + message.size() > bytes_max_) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  std::string_view left = message;
  while (!left.empty()) {
    const ssize_t written = write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      auto error = failed("write", path_);
      if (left.size() != message.size() && ftruncate(file_, static_cast<off_t>(bytes_)) != 0) close();
      return error;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  bytes_ += message.size();
  return {};
}

Result<void> FileTransport::rotate() {
  if (auto whole = deliver(); !whole) return whole;
  close();
  for (std::uint32_t number = files_; number > 0; --number) {
    const std::string older = fmt::format("{}.{}", path_, number);
    const std::string newer = number == 1 ? path_ : fmt::format("{}.{}", path_, number - 1);
    if (std::rename(newer.c_str(), older.c_str()) != 0 && errno != ENOENT) return failed("put aside", newer);
  }
  return open();
}

Result<void> FileTransport::deliver() {
  if (fdatasync(file_) != 0) return failed("write", path_);
  return {};
}

void FileTransport::close() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
}

}  // namespace weir::output
