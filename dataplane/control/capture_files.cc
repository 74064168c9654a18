// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/capture_files.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "dataplane/pipeline/capture.h"

namespace weir::dataplane {
namespace {

constexpr std::string_view kPrefix = "weir-";
constexpr std::string_view kSuffix = ".pcapng";

struct Kept {
  std::string path;
  std::uint64_t bytes;
};

/// The oldest first: names begin with their time.
std::vector<Kept> kept_files(const std::string& directory) {
  std::vector<Kept> kept;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix) || !at->is_regular_file(error)) continue;
    kept.push_back({at->path(), at->file_size(error)});
  }
  std::ranges::sort(kept, {}, &Kept::path);
  return kept;
}

}  // namespace

std::uint64_t CaptureFiles::file_bytes_max() const {
  const std::uint64_t all = std::uint64_t{settings_.megabytes_max} << 20U;
  return std::min(kCaptureFileBytesMax, all / (2 * kCapturesMax));
}

Result<std::string> CaptureFiles::next(TimeNs now, std::string_view what,
                                       const std::set<std::string>& in_use) {
  const std::string& directory = settings_.directory;
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
    return failure(ErrorCode::kSystem,
                   fmt::format("cannot make the folder {}: {}", directory, std::strerror(errno)));
  }
  const std::uint64_t all = std::uint64_t{settings_.megabytes_max} << 20U;
  const std::uint64_t reserved = (in_use.size() + 1) * file_bytes_max();
  std::vector<Kept> kept = kept_files(directory);
  std::erase_if(kept, [&](const Kept& one) { return in_use.contains(one.path); });
  std::uint64_t bytes = 0;
  for (const Kept& one : kept) bytes += one.bytes;
  std::size_t left = kept.size();
  for (const Kept& oldest : kept) {
    if (left + in_use.size() < settings_.files_max && bytes + reserved <= all) break;
    std::error_code error;
    std::filesystem::remove(oldest.path, error);
    bytes -= oldest.bytes;
    --left;
  }
  const std::time_t seconds = now / kSecond;
  return fmt::format("{}/{}{:%Y%m%dT%H%M%S}.{:03}Z-{:04}-{}{}", directory, kPrefix, fmt::gmtime(seconds),
                     now % kSecond / kMillisecond, made_++ % 10'000, what, kSuffix);
}

}  // namespace weir::dataplane
