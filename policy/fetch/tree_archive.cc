// SPDX-License-Identifier: Apache-2.0
#include "policy/fetch/tree_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <string_view>

#include "policy/categories/category_file.h"

namespace weir::policy {
namespace {

constexpr std::size_t kBlockBytes = 65'536;

class TreeReader {
 public:
  TreeReader(const std::string& folder, const std::vector<std::string>& wanted, const TreeLimits& limits)
      : folder_(folder), wanted_(wanted), limits_(limits) {
    archive_read_support_filter_gzip(archive_);
    archive_read_support_format_tar(archive_);
  }
  ~TreeReader() { archive_read_free(archive_); }
  TreeReader(const TreeReader&) = delete;
  TreeReader& operator=(const TreeReader&) = delete;

  Result<void> read(const std::string& archive) {
    if (archive_read_open_filename(archive_, archive.c_str(), kBlockBytes) != ARCHIVE_OK) return damaged();
    archive_entry* entry = nullptr;
    int code = ARCHIVE_OK;
    while ((code = archive_read_next_header(archive_, &entry)) == ARCHIVE_OK || code == ARCHIVE_WARN) {
      if (auto taken = take(entry); !taken) return taken;
    }
    if (code != ARCHIVE_EOF) return damaged();
    return complete();
  }

 private:
  [[nodiscard]] tl::unexpected<Error> damaged() const {
    const char* const detail = archive_error_string(archive_);
    return failure(ErrorCode::kInvalid,
                   fmt::format("is no whole .tar.gz: {}", detail == nullptr ? "no reason" : detail));
  }
  [[nodiscard]] tl::unexpected<Error> file_failure(const std::string& path) const {
    return failure(ErrorCode::kSystem, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }

  Result<void> take(archive_entry* entry) {
    if (++entries_ > limits_.entries_max)
      return failure(ErrorCode::kLimit, fmt::format("has more than {} files", limits_.entries_max));
    const char* const name = archive_entry_pathname(entry);
    const std::filesystem::path path{name == nullptr ? "" : name};
    if (path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end())
      return failure(ErrorCode::kInvalid, "names a path outside of itself", "do not use this archive");
    // What it says and, since it may say too little, what has come out of the decompressor so far.
    const auto passed =
        static_cast<std::uint64_t>(std::max<la_int64_t>(archive_filter_bytes(archive_, 0), 0));
    const auto size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
    if (size > limits_.bytes_max || passed > limits_.bytes_max - size) {
      return failure(ErrorCode::kLimit, fmt::format("unpacks to more than {} bytes", limits_.bytes_max),
                     "look at what is there; megabytes_max of the source allows more");
    }
    const std::string list = path.filename().string();
    const std::string category = path.parent_path().filename().string();
    const bool is_list = archive_entry_filetype(entry) == AE_IFREG &&
                         archive_entry_hardlink(entry) == nullptr && (list == "domains" || list == "urls");
    const bool is_wanted =
        wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), category) != wanted_.end();
    if (!is_list || !is_wanted) return {};
    if (!is_category_name(category)) {
      return failure(ErrorCode::kInvalid, "has a folder whose name is no name of a category",
                     "name the categories that are wanted: tree: [gambling, games]");
    }
    found_.insert(category);
    return write(entry, category, list);
  }

  Result<void> write(archive_entry* entry, const std::string& category, const std::string& list) {
    const std::string folder = folder_ + "/" + category;
    if (mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return file_failure(folder);
    const std::string path = folder + "/" + list;
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (file < 0 && errno == EEXIST) {
      return failure(ErrorCode::kInvalid, fmt::format("has {}/{} twice", category, list));
    }
    if (file < 0) return file_failure(path);
    Result<void> written = copy(file, path);
    const std::array<timespec, 2> times{
        timespec{0, UTIME_OMIT}, timespec{archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)}};
    if (archive_entry_mtime_is_set(entry) != 0) futimens(file, times.data());  // only shown
    close(file);
    return written;
  }

  /// Of at most as many bytes as its header says.
  Result<void> copy(int file, const std::string& path) {
    std::array<char, kBlockBytes> block{};
    while (true) {
      const la_ssize_t count = archive_read_data(archive_, block.data(), block.size());
      if (count < 0) return damaged();
      if (count == 0) return {};
      for (la_ssize_t at = 0; at < count;) {
        const ssize_t done = ::write(file, block.data() + at, static_cast<std::size_t>(count - at));
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return file_failure(path);
        at += done;
      }
    }
  }

  [[nodiscard]] Result<void> complete() const {
    if (found_.empty() && wanted_.empty()) {
      return failure(ErrorCode::kNotFound, "holds no list",
                     "a list is called CATEGORY/domains or CATEGORY/urls");
    }
    for (const std::string& one : wanted_) {
      if (!found_.contains(one))
        return failure(ErrorCode::kNotFound, fmt::format("holds no list of the category {}", one));
    }
    return {};
  }

  const std::string& folder_;
  const std::vector<std::string>& wanted_;
  const TreeLimits& limits_;
  archive* archive_ = archive_read_new();
  std::size_t entries_ = 0;
  std::set<std::string> found_;
};

}  // namespace

Result<void> unpack_tree(const std::string& archive, const std::string& folder,
                         const std::vector<std::string>& wanted, const TreeLimits& limits) {
  return TreeReader{folder, wanted, limits}.read(archive);
}

}  // namespace weir::policy
