// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/kept_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "policy/ctl/replace_file.h"
#include "policy/model/durable_file.h"

namespace weir::ctl {
namespace {

tl::unexpected<Error> kept_failure(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

}  // namespace

Result<KeptFile> KeptFile::lock(std::string path, std::string_view what) {
  const std::string beside = path + ".lock";
  const int descriptor = open(beside.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return kept_failure("cannot open", beside);
  KeptFile made{std::move(path), descriptor};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return failure(ErrorCode::kBusy, fmt::format("somebody else is changing {}", what));
  return made;
}

KeptFile::KeptFile(KeptFile&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

KeptFile::~KeptFile() {
  if (lock_ >= 0) close(lock_);
}

Result<void> KeptFile::synced() const {
  const std::string folder = std::filesystem::path{path_}.parent_path().string();
  return sync_folder(folder.empty() ? "." : folder);
}

Result<void> KeptFile::put(std::string_view bytes, bool with_present) const {
  if (unlink(before().c_str()) != 0 && errno != ENOENT) return kept_failure("cannot remove", before());
  if (with_present && link(path_.c_str(), before().c_str()) != 0) return kept_failure("cannot keep", path_);
  if (auto replaced = replace_file(path_, bytes); !replaced) return replaced;
  return synced();
}

Result<void> KeptFile::keep() const {
  const std::string previous = path_ + ".previous";
  if (rename(before().c_str(), previous.c_str()) != 0 && errno != ENOENT)
    return kept_failure("cannot keep", previous);
  return synced();
}

Result<void> KeptFile::forget() const {
  if (unlink(before().c_str()) != 0 && errno != ENOENT) return kept_failure("cannot remove", before());
  return synced();
}

Result<void> KeptFile::take_back() const {
  if (rename(before().c_str(), path_.c_str()) == 0) return synced();
  if (errno != ENOENT) return kept_failure("cannot bring back", path_);
  if (unlink(path_.c_str()) != 0) return kept_failure("cannot remove", path_);
  return synced();
}

Result<void> KeptFile::exchange() const {
  const std::string previous = path_ + ".previous";
  std::error_code ignored;
  const unsigned how = std::filesystem::exists(path_, ignored) ? RENAME_EXCHANGE : 0U;
  if (renameat2(AT_FDCWD, previous.c_str(), AT_FDCWD, path_.c_str(), how) != 0)
    return kept_failure("cannot bring back", previous);
  return synced();
}

}  // namespace weir::ctl
