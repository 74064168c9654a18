// SPDX-License-Identifier: Apache-2.0
#include "policy/audit/private_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "policy/model/durable_file.h"

namespace weir::policy {
namespace {

tl::unexpected<Error> refused(std::string_view what, const std::string& path) {
  return failure(ErrorCode::kSystem, fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

/// Makes the folder for the owner of the one above, so that root and a daemon can share it.
Result<void> make_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return refused("cannot make the folder", folder);
  }
  struct stat above {};
  const std::string parent = std::filesystem::path{folder}.parent_path().string();
  if (geteuid() == 0 && stat(parent.empty() ? "." : parent.c_str(), &above) == 0 &&
      chown(folder.c_str(), above.st_uid, above.st_gid) != 0) {
    return refused("cannot give away the folder", folder);
  }
  return {};
}

/// A new file beside `path`, complete and on the disk; its name.
Result<std::string> write_beside(const std::string& path, const std::string& folder, std::string_view bytes) {
  std::string beside = path + ".XXXXXX";
  const File file{mkostemp(beside.data(), O_CLOEXEC)};  // mode 0600
  if (!file) return refused("cannot write beside", path);
  struct stat owner {};
  const bool owned = stat(folder.c_str(), &owner) == 0 &&
                     (geteuid() != 0 || fchown(file.get(), owner.st_uid, owner.st_gid) == 0);
  if (owned && write_all(file.get(), bytes) && fsync(file.get()) == 0) return beside;
  auto error = refused("cannot write beside", path);
  unlink(beside.c_str());
  return error;
}

/// `put` gives the file beside its name, and says whether it did.
template <typename Put>
Result<bool> put_private(const std::string& path, std::string_view bytes, Put&& put) {
  const std::string folder = std::filesystem::path{path}.parent_path().string();
  if (auto made = make_folder(folder); !made) return tl::unexpected(made.error());
  const auto beside = write_beside(path, folder, bytes);
  if (!beside) return tl::unexpected(beside.error());
  const Result<bool> done = put(*beside);
  if (!done || !*done) unlink(beside->c_str());
  if (!done) return done;
  if (auto synced = sync_folder(folder); !synced) return tl::unexpected(synced.error());
  return done;
}

}  // namespace

Result<std::string> read_private(const std::string& path) {
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (!file && errno == ENOENT) return failure(ErrorCode::kNotFound, "there is no file " + path);
  struct stat what {};
  if (!file || fstat(file.get(), &what) != 0) return refused("cannot read", path);
  if (!S_ISREG(what.st_mode) || (what.st_mode & 077U) != 0) {
    return failure(ErrorCode::kCorrupt,
                   fmt::format("{} may be read or written by others than its owner", path),
                   "find out who has seen it; then chmod 600");
  }
  std::string bytes(kPrivateFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused("cannot read", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kPrivateFileBytesMax)
    return failure(ErrorCode::kLimit, fmt::format("{} is longer than {} bytes", path, kPrivateFileBytesMax));
  bytes.resize(size);
  return bytes;
}

Result<void> write_private(const std::string& path, std::string_view bytes) {
  const auto done = put_private(path, bytes, [&](const std::string& beside) -> Result<bool> {
    if (rename(beside.c_str(), path.c_str()) != 0) return refused("cannot replace", path);
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<bool> make_private(const std::string& path, std::string_view bytes) {
  return put_private(path, bytes, [&](const std::string& beside) -> Result<bool> {
    const bool made = link(beside.c_str(), path.c_str()) == 0;
    if (!made && errno != EEXIST) return refused("cannot make", path);
    if (made) unlink(beside.c_str());
    return made;
  });
}

}  // namespace weir::policy
