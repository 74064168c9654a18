// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/flow_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace weir::dataplane {
namespace {

constexpr std::uint64_t kMagic = 0x574f'4c46'5249'4557U;  // "WEIRFLOW" in the file
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kTableAt = 4'096;  // the header has a page of its own

std::uint64_t mix(std::uint64_t sum, std::span<const std::uint8_t> bytes) noexcept {
  for (const std::uint8_t byte : bytes) sum = (sum ^ byte) * 0x100'0000'01b3U;  // FNV-1a, 64 bits
  return sum;
}
constexpr std::uint64_t kMixStart = 0xcbf2'9ce4'8422'2325U;

/// Changes when the parts of a flow do.
constexpr std::uint64_t kShape = sizeof(FlowHot) | (sizeof(FlowCold) << 8U) | (sizeof(FlowRest) << 16U) |
                                 (offsetof(FlowHot, flags) << 24U) | (offsetof(FlowHot, hash) << 32U) |
                                 (offsetof(FlowCold, inspection) << 40U) |
                                 (offsetof(FlowRest, client_mac) << 48U);

struct Header {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t capacity = 0;
  std::uint64_t shape = kShape;
  std::uint64_t pairs = 0;
  std::uint32_t worker = 0;
  std::uint32_t workers = 0;
  std::uint64_t checksum = 0;  // of all before it

  [[nodiscard]] std::uint64_t sum() const noexcept {
    std::array<std::uint8_t, offsetof(Header, checksum)> bytes;
    std::memcpy(bytes.data(), this, bytes.size());
    return mix(kMixStart, bytes);
  }
};
static_assert(sizeof(Header) == 48);

Error refused(const std::string& path, const std::string& why, ErrorCode code = ErrorCode::kInvalid) {
  return Error{code, path + ": " + why, {}, {}};
}

/// Empty: the header is this process's kind.
std::string mistake_in(const Header& header, std::size_t file_bytes, const FlowFileIdentity& identity) {
  if (header.magic != kMagic) return "no flow file";
  if (header.checksum != header.sum()) return "its checksum is wrong";
  if (header.version != kVersion || header.shape != kShape) return "written by another version";
  if (header.pairs != identity.pairs) return "written for other ports";
  if (header.worker != identity.worker || header.workers != identity.workers)
    return "written for other workers";
  if (file_bytes < kTableAt + FlowLayout(header.capacity).bytes) return "it is cut";
  return {};
}

/// All of the file, so that a full disk is met now and not by the first packet. Through the mapping, since
/// the kernel gives large pages to who asks for them there, on a tmpfs that is mounted with huge=advise.
bool allocate(int fd, void* base, std::size_t bytes) noexcept {
  static_cast<void>(::madvise(base, bytes, MADV_HUGEPAGE));
  if (::madvise(base, bytes, MADV_POPULATE_WRITE) == 0) return true;
  if (errno == EFAULT) errno = ENOSPC;  // what a touch would have been told by SIGBUS
  if (errno != EINVAL) return false;
  errno = ::posix_fallocate(fd, 0, static_cast<off_t>(bytes));  // a kernel before 5.14
  return errno == 0;
}

}  // namespace

std::size_t large_page_bytes(const void* at) {
  std::ifstream maps("/proc/self/smaps");  // "7f00-7f80 rw-s ...", then lines such as "ShmemPmdMapped: 8 kB"
  const auto wanted = reinterpret_cast<std::uintptr_t>(at);
  std::size_t bytes = 0;
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t end = 0;
    std::size_t kilobytes = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &first, &end) == 2) {
      if (here) break;
      here = first <= wanted && wanted < end;
    } else if (here && (std::sscanf(line.c_str(), "AnonHugePages: %zu", &kilobytes) == 1 ||
                        std::sscanf(line.c_str(), "ShmemPmdMapped: %zu", &kilobytes) == 1)) {
      bytes += kilobytes * 1'024;
    }
  }
  return bytes;
}

std::uint64_t pairs_fingerprint(std::span<const std::string> words) noexcept {
  std::uint64_t sum = kMixStart;
  for (const std::string& word : words) {
    for (const char letter : word) {
      const auto byte = static_cast<std::uint8_t>(letter);
      sum = mix(sum, {&byte, 1});
    }
    constexpr std::uint8_t kEnd = 0;
    sum = mix(sum, {&kEnd, 1});
  }
  return sum;
}

Result<std::unique_ptr<FlowFile>> FlowFile::create(const std::string& path, std::uint32_t capacity,
                                                   const FlowFileIdentity& identity) {
  const std::string fresh = path + ".new";
  const auto failed = [&fresh](const char* what) {
    return tl::unexpected(
        refused(fresh, std::string(what) + ": " + std::strerror(errno), ErrorCode::kSystem));
  };
  static_cast<void>(::unlink(fresh.c_str()));
  const int fd = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("cannot be made");
  const FlowLayout layout(capacity);
  const std::size_t bytes = kTableAt + layout.bytes;
  void* base = MAP_FAILED;
  if (::ftruncate(fd, static_cast<off_t>(bytes)) == 0) {
    base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  }
  if (base != MAP_FAILED && !allocate(fd, base, bytes)) {
    const int why = errno;
    ::munmap(base, bytes);
    base = MAP_FAILED;
    errno = why;
  }
  if (base == MAP_FAILED) {
    const auto error = failed("has no room");
    ::close(fd);
    static_cast<void>(::unlink(fresh.c_str()));
    return error;
  }
  ::close(fd);
  const std::span<std::uint8_t> whole(static_cast<std::uint8_t*>(base), bytes);
  Header header{.capacity = layout.capacity,
                .pairs = identity.pairs,
                .worker = identity.worker,
                .workers = identity.workers};
  header.checksum = header.sum();
  std::memcpy(whole.data(), &header, sizeof(header));
  return std::unique_ptr<FlowFile>(new FlowFile(path, whole, whole.subspan(kTableAt)));
}

FlowFile::~FlowFile() {
  ::munmap(whole_.data(), whole_.size());
  if (!published_) static_cast<void>(::unlink((path_ + ".new").c_str()));
}

Result<void> FlowFile::publish() {
  if (::rename((path_ + ".new").c_str(), path_.c_str()) != 0) {
    return tl::unexpected(
        refused(path_, std::string("cannot be replaced: ") + std::strerror(errno), ErrorCode::kSystem));
  }
  published_ = true;
  return {};
}

Result<std::unique_ptr<KeptFlows>> KeptFlows::open(const std::string& path, const FlowFileIdentity& identity,
                                                   TimeNs now) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    return tl::unexpected(
        refused(path, std::strerror(errno), errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kSystem));
  }
  struct stat state {};
  Header header;
  const bool read = ::fstat(fd, &state) == 0 && ::pread(fd, &header, sizeof(header), 0) == sizeof(header);
  const auto bytes = static_cast<std::size_t>(std::max<off_t>(state.st_size, 0));
  const std::string mistake = read ? mistake_in(header, bytes, identity) : "it is cut";
  void* base = mistake.empty() ? ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  ::close(fd);
  if (!mistake.empty()) return tl::unexpected(refused(path, mistake));
  if (base == MAP_FAILED) return tl::unexpected(refused(path, std::strerror(errno), ErrorCode::kSystem));
  std::unique_ptr<KeptFlows> kept(
      new KeptFlows(static_cast<const std::uint8_t*>(base), bytes, FlowLayout(header.capacity)));
  Tick newest = 0;
  for (const FlowHot& flow : kept->hot()) {
    if (flow.state != FlowState::kFree) newest = std::max(newest, flow.last_seen);
  }
  if (now / kSecond - TimeNs{newest} > TimeNs{kKeptAgeMaxSeconds}) {
    return tl::unexpected(refused(path, "its last packet is too long ago"));
  }
  return kept;
}

KeptFlows::~KeptFlows() { ::munmap(const_cast<std::uint8_t*>(base_), bytes_); }

template <typename Part>
const Part* KeptFlows::at(std::size_t offset) const noexcept {
  return reinterpret_cast<const Part*>(base_ + kTableAt + offset);
}
template const FlowHot* KeptFlows::at<FlowHot>(std::size_t) const noexcept;
template const FlowCold* KeptFlows::at<FlowCold>(std::size_t) const noexcept;
template const FlowRest* KeptFlows::at<FlowRest>(std::size_t) const noexcept;

}  // namespace weir::dataplane
