// SPDX-License-Identifier: Apache-2.0
#include "dataplane/channel/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace weir::channel {
namespace {

/// Without these a peer could shrink the file and turn a read into SIGBUS.
constexpr int kSeals = F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

tl::unexpected<Error> system_failure(const std::string& what) {
  return failure(ErrorCode::kSystem, what + ": " + std::strerror(errno));
}

bool ring_is_valid(std::uint32_t records) noexcept {
  return std::has_single_bit(records) && records >= kRingRecordsMin && records <= kRingRecordsMax;
}

}  // namespace

bool shape_is_valid(const ChannelShape& shape) noexcept {
  return ring_is_valid(shape.requests) && ring_is_valid(shape.answers) && shape.slots > 0;
}

std::size_t memory_bytes(const ChannelShape& shape) noexcept {
  return kRecordsAt + std::size_t{shape.requests} * kRequestRecordBytes +
         std::size_t{shape.answers} * kAnswerRecordBytes;
}

Mapping::~Mapping() {
  if (base_ != nullptr) ::munmap(base_, bytes_);
}

Mapping::Mapping(Mapping&& other) noexcept
    : base_(std::exchange(other.base_, nullptr)), bytes_(other.bytes_), shape_(other.shape_) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    if (base_ != nullptr) ::munmap(base_, bytes_);
    base_ = std::exchange(other.base_, nullptr);
    bytes_ = other.bytes_;
    shape_ = other.shape_;
  }
  return *this;
}

RingIndices* Mapping::indices(std::size_t at) const noexcept {
  return std::launder(reinterpret_cast<RingIndices*>(base_ + at));
}

Result<Mapping> Mapping::create(const ChannelShape& shape, int* fd) {
  if (!shape_is_valid(shape)) {
    return failure(ErrorCode::kInvalid, "channel ring sizes must be powers of two from 16 to 1048576");
  }
  Fd memory{::memfd_create("weir-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  if (memory.get() < 0) return system_failure("memfd_create for the inspection channel");
  const std::size_t bytes = memory_bytes(shape);
  if (::ftruncate(memory.get(), static_cast<off_t>(bytes)) != 0) {
    return system_failure("cannot size the inspection channel");
  }
  // Populated now, so that no packet waits for a page fault.
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, memory.get(), 0);
  if (base == MAP_FAILED) return system_failure("cannot map the inspection channel");
  Mapping mapping;
  mapping.base_ = static_cast<std::uint8_t*>(base);
  mapping.bytes_ = bytes;
  mapping.shape_ = shape;
  new (mapping.base_ + kRequestIndicesAt) RingIndices{};
  new (mapping.base_ + kAnswerIndicesAt) RingIndices{};
  const MemoryHeader header{kMagic, kVersion, shape, bytes};
  std::memcpy(mapping.base_, &header, sizeof(header));
  if (::fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0)
    return system_failure("cannot seal the inspection channel");
  *fd = memory.release();
  return mapping;
}

Result<Mapping> Mapping::attach(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals) {
    return failure(ErrorCode::kCorrupt, "the inspection channel is not a sealed memory file");
  }
  struct stat status {};
  if (::fstat(fd, &status) != 0) return system_failure("cannot examine the inspection channel");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  if (bytes < kRecordsAt) return failure(ErrorCode::kCorrupt, "the inspection channel is too small");
  void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return system_failure("cannot map the inspection channel");
  Mapping mapping;
  mapping.base_ = static_cast<std::uint8_t*>(base);
  mapping.bytes_ = bytes;
  MemoryHeader header;
  std::memcpy(&header, base, sizeof(header));
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (header.magic != kMagic || header.version != kVersion) {
    return failure(ErrorCode::kCorrupt, "the inspection channel is of another version",
                   "install data plane and classifier of the same release");
  }
  if (!shape_is_valid(header.shape) || header.total_bytes != bytes || memory_bytes(header.shape) != bytes) {
    return failure(ErrorCode::kCorrupt, "the inspection channel's header does not fit its size");
  }
  mapping.shape_ = header.shape;
  return mapping;
}

void Fd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

int Fd::release() noexcept { return std::exchange(fd_, -1); }

void send_wake(int fd) noexcept {
  const std::uint8_t byte = 1;
  // A full socket buffer means that the peer has wake-ups enough.
  static_cast<void>(::send(fd, &byte, sizeof(byte), MSG_DONTWAIT | MSG_NOSIGNAL));
}

void drain_wakes(int fd) noexcept {
  std::array<std::uint8_t, 256> bytes{};
  static_cast<void>(::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT));
}

}  // namespace weir::channel
