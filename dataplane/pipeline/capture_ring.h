// SPDX-License-Identifier: Apache-2.0
// Copies of recent packets of one worker, in a fixed number of bytes: the newest push out the oldest. A
// position counts the bytes ever written, so a reader that comes back sees what it missed.
//
// Threads: its worker's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/packet/packet_meta.h"
#include "policy/model/byte_reader.h"
#include "policy/model/time.h"

namespace weir::dataplane {

/// What stands before each copy.
struct CapturedHead {
  TimeNs time = 0;
  std::uint64_t flow = 0;  // its number (channel::FlowOpened)
  FlowKey key{};
  std::uint32_t frame_bytes = 0;  // as it came in; `bytes` of it follow
  std::uint16_t bytes = 0;
  std::uint8_t port = 0;  // where it came in
  std::uint8_t pad = 0;   // 1: nothing follows here, the next one is at the beginning of the memory
};

class CaptureRing {
 public:
  /// `bytes` 0: keeps nothing.
  explicit CaptureRing(std::size_t bytes);

  /// `head.bytes` is set here: at most `snap` of `frame`.
  void add(CapturedHead head, Bytes frame, std::uint16_t snap) noexcept;

  [[nodiscard]] bool keeps() const noexcept { return size_ > 0; }
  [[nodiscard]] std::uint64_t oldest() const noexcept { return oldest_; }
  /// After the newest.
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
  struct Captured {
    CapturedHead head;
    Bytes bytes;         // in the ring: until the next `add`
    std::uint64_t next;  // the position after it
  };
  /// At a position from `oldest` up to, not including, `end`.
  [[nodiscard]] Captured at(std::uint64_t position) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept { return size_; }

 private:
  [[nodiscard]] std::uint64_t record_bytes(std::uint64_t position) const noexcept;
  [[nodiscard]] CapturedHead head_at(std::uint64_t position) const noexcept;
  void make_room(std::uint64_t bytes) noexcept;

  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> memory_;
  std::uint64_t oldest_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace weir::dataplane
