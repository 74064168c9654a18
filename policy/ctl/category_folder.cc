// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/category_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "policy/ctl/replace_file.h"

namespace weir::ctl {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> category_failure(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

/// While an import is not through; left over only by one that was stopped.
std::string before_path(const std::string& path) { return path + ".before"; }

Result<void> change_bearable(const policy::CategoryFile& before, const policy::CategoryFile& after) {
  const auto old_count = static_cast<double>(before.domains());
  const auto new_count = static_cast<double>(after.domains());
  if (new_count <= old_count * kCategoryChangeMax && old_count <= new_count * kCategoryChangeMax) return {};
  return failure(ErrorCode::kLimit,
                 fmt::format("{} domains instead of {}: more than a factor of {}", after.domains(),
                             before.domains(), kCategoryChangeMax),
                 "look at the lists; --force takes them all the same");
}

}  // namespace

std::string category_path(const std::string& policy_path) {
  const fs::path folder = fs::path{policy_path}.parent_path();
  return ((folder.empty() ? fs::path{"."} : folder) / policy::kCategoryFileName).string();
}

std::string previous_category_path(const std::string& policy_path) {
  return category_path(policy_path) + ".previous";
}

Result<CategoryFolder> CategoryFolder::lock(const std::string& policy_path) {
  const std::string path = category_path(policy_path) + ".lock";
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return category_failure("cannot open", path);
  CategoryFolder made{policy_path, descriptor};
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return failure(ErrorCode::kBusy, "somebody else is changing the categories");
  return made;
}

CategoryFolder::CategoryFolder(CategoryFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

CategoryFolder::~CategoryFolder() {
  if (lock_ >= 0) close(lock_);
}

Result<void> CategoryFolder::synced() const { return sync_folder(fs::path{path_}.parent_path().string()); }

Result<void> CategoryFolder::install(std::string_view bytes, bool any_size) {
  const auto made = policy::CategoryFile::from_bytes(bytes, path_);
  if (!made) return tl::unexpected(made.error());
  const auto present = policy::CategoryFile::open(path_);  // one that is damaged is no measure
  if (present && !any_size) {
    if (auto bearable = change_bearable(*present, *made); !bearable) return bearable;
  }
  const std::string before = before_path(path_);
  if (unlink(before.c_str()) != 0 && errno != ENOENT) return category_failure("cannot remove", before);
  if (present && link(path_.c_str(), before.c_str()) != 0) return category_failure("cannot keep", path_);
  if (auto replaced = replace_file(path_, bytes); !replaced) return replaced;
  return synced();
}

Result<void> CategoryFolder::keep() const {
  const std::string before = before_path(path_);
  const std::string previous = path_ + ".previous";
  if (rename(before.c_str(), previous.c_str()) != 0 && errno != ENOENT)
    return category_failure("cannot keep", previous);
  return synced();
}

Result<void> CategoryFolder::take_back() const {
  const std::string before = before_path(path_);
  if (rename(before.c_str(), path_.c_str()) == 0) return synced();
  if (errno != ENOENT) return category_failure("cannot bring back", path_);
  if (unlink(path_.c_str()) != 0) return category_failure("cannot remove", path_);
  return synced();
}

Result<void> CategoryFolder::roll_back() const {
  const std::string previous = path_ + ".previous";
  const auto good = policy::CategoryFile::open(previous);
  if (!good) return tl::unexpected(good.error());
  std::error_code ignored;
  const unsigned how = fs::exists(path_, ignored) ? RENAME_EXCHANGE : 0U;
  if (renameat2(AT_FDCWD, previous.c_str(), AT_FDCWD, path_.c_str(), how) != 0)
    return category_failure("cannot bring back", previous);
  return synced();
}

}  // namespace weir::ctl
