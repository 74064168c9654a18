// SPDX-License-Identifier: Apache-2.0
// The shared file of a channel: header, two pairs of ring indices, the records. Only this folder includes it.
// It does not know what the records mean.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/channel/channel.h"

namespace weir::channel {

/// First bytes of the file. Written once by the data plane; the classifier copies it out before it checks it.
struct MemoryHeader {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  ChannelShape shape;
  std::uint64_t total_bytes = 0;
};

/// Free-running indices of one ring. Each line is written by one side only (`sleeping` is also cleared by the
/// writer when it has woken the reader).
struct RingIndices {
  alignas(64) std::atomic<std::uint32_t> tail;  // next record to write; written by the writer
  alignas(64) std::atomic<std::uint32_t> head;  // next record to read; written by the reader
  std::atomic<std::uint32_t> sleeping;          // 1: the reader wants a wake-up
  std::atomic<std::uint32_t> taken;             // ahead of `head`: the reader works on what lies between
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(RingIndices) == 128);

inline constexpr std::size_t kRequestIndicesAt = 128;
inline constexpr std::size_t kAnswerIndicesAt = kRequestIndicesAt + sizeof(RingIndices);
inline constexpr std::size_t kRecordsAt = 4'096;

[[nodiscard]] bool shape_is_valid(const ChannelShape& shape) noexcept;
[[nodiscard]] std::size_t memory_bytes(const ChannelShape& shape) noexcept;

/// A mapped channel file. The sizes in it are private copies.
class Mapping {
 public:
  Mapping() = default;
  ~Mapping();
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// Makes, sizes, maps and seals a new file; `*fd` is the caller's.
  [[nodiscard]] static Result<Mapping> create(const ChannelShape& shape, int* fd);
  /// Maps a file made by somebody else, after its seals, size and header were checked.
  [[nodiscard]] static Result<Mapping> attach(int fd);

  [[nodiscard]] const ChannelShape& shape() const noexcept { return shape_; }
  [[nodiscard]] RingIndices* request_indices() const noexcept { return indices(kRequestIndicesAt); }
  [[nodiscard]] RingIndices* answer_indices() const noexcept { return indices(kAnswerIndicesAt); }
  [[nodiscard]] std::uint8_t* requests() const noexcept { return base_ + kRecordsAt; }
  [[nodiscard]] std::uint8_t* answers() const noexcept {
    return requests() + std::size_t{shape_.requests} * kRequestRecordBytes;
  }

 private:
  [[nodiscard]] RingIndices* indices(std::size_t at) const noexcept;
  std::uint8_t* base_ = nullptr;
  std::size_t bytes_ = 0;
  ChannelShape shape_;
};

/// A descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void reset(int fd = -1) noexcept;
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept;

 private:
  int fd_ = -1;
};

/// Wake-ups over one end of a socket pair; neither ever blocks, whatever the peer does.
void send_wake(int fd) noexcept;
void drain_wakes(int fd) noexcept;

}  // namespace weir::channel
