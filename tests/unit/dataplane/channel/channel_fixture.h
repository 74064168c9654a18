// SPDX-License-Identifier: Apache-2.0
// Both ends of one channel in one process, and a hostile look at the memory between them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "dataplane/channel/channel.h"
#include "dataplane/channel/memory.h"

namespace weir::channel {

inline ChannelFds duplicate(const ChannelFds& fds) {
  const auto copy = [](int fd) { return ::fcntl(fd, F_DUPFD_CLOEXEC, 0); };
  return {copy(fds.memory), copy(fds.request_event), copy(fds.answer_event)};
}

inline std::vector<std::uint8_t> packet_of(std::size_t bytes, std::uint8_t first = 0) {
  std::vector<std::uint8_t> packet(bytes);
  std::iota(packet.begin(), packet.end(), first);
  return packet;
}

inline Answer release(std::uint32_t slot, std::uint32_t through = 0) {
  Answer answer;
  answer.type = AnswerType::kRelease;
  answer.flow = {slot, 1};
  answer.through = through;
  return answer;
}

struct Pair {
  explicit Pair(ChannelShape shape = {.requests = 16, .answers = 16, .slots = 64, .worker = 3}) {
    auto created = DataplaneEnd::create(shape);
    EXPECT_TRUE(created.has_value());
    dataplane = std::move(*created);
    auto attached = ClassifierEnd::attach(duplicate(dataplane->fds()));
    EXPECT_TRUE(attached.has_value());
    classifier = std::move(*attached);
  }

  bool send_packet(std::size_t bytes, PacketHead head = {}) {
    return dataplane->try_packet({1, 1}, head, packet_of(bytes), 0);
  }
  /// Counts what the classifier still reads, consuming it.
  std::size_t read_all() {
    std::size_t count = 0;
    while (classifier->next() != nullptr) ++count;
    return count;
  }

  std::unique_ptr<DataplaneEnd> dataplane;
  std::unique_ptr<ClassifierEnd> classifier;
};

/// The shared memory as a hostile process would map it.
class HostileView {
 public:
  explicit HostileView(const DataplaneEnd& end) : bytes_(memory_bytes(end.shape())), shape_(end.shape()) {
    void* base = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, end.fds().memory, 0);
    EXPECT_NE(base, MAP_FAILED);
    base_ = static_cast<std::uint8_t*>(base);
  }
  ~HostileView() { ::munmap(base_, bytes_); }
  HostileView(const HostileView&) = delete;
  HostileView& operator=(const HostileView&) = delete;

  [[nodiscard]] std::size_t size() const { return bytes_; }
  std::uint8_t& operator[](std::size_t at) { return base_[at]; }
  RingIndices& requests() { return *reinterpret_cast<RingIndices*>(base_ + kRequestIndicesAt); }
  RingIndices& answers() { return *reinterpret_cast<RingIndices*>(base_ + kAnswerIndicesAt); }
  std::uint8_t* request(std::size_t n) { return base_ + kRecordsAt + n * kRequestRecordBytes; }
  std::uint8_t* answer(std::size_t n) {
    return base_ + kRecordsAt + shape_.requests * kRequestRecordBytes + n * kAnswerRecordBytes;
  }

 private:
  std::size_t bytes_;
  ChannelShape shape_;
  std::uint8_t* base_ = nullptr;
};

}  // namespace weir::channel
