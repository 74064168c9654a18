// SPDX-License-Identifier: Apache-2.0
// Writer and reader of one single-producer single-consumer ring. Sizes and the own index are private; the
// peer's index is believed only if it is possible. Once it was not, `ok()` is false for good and the ring
// offers nothing.
//
// Wake-ups: the reader sets `sleeping`, then looks at the tail once more; the writer stores the tail, then
// looks at `sleeping`. All four are sequentially consistent, so at least one of the two sees the other.
#pragma once

#include <cstring>

#include "dataplane/channel/memory.h"

namespace weir::channel {

/// Copies shared bytes so that the compiler cannot read the source a second time after the check.
inline void copy_shared(void* to, const void* from, std::size_t bytes) noexcept {
  std::memcpy(to, from, bytes);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

class RingWriter {
 public:
  RingWriter(RingIndices* shared, std::uint8_t* records, std::uint32_t size,
             std::size_t record_bytes) noexcept
      : shared_(shared), records_(records), size_(size), record_bytes_(record_bytes) {}

  /// Room for `count` further records.
  [[nodiscard]] bool has_room(std::uint32_t count) noexcept {
    if (size_ - (next_ - cached_head_) >= count) return ok_;
    refresh();
    return ok_ && size_ - (next_ - cached_head_) >= count;
  }
  [[nodiscard]] std::uint8_t* record(std::uint32_t ahead) noexcept {
    return records_ + std::size_t{(next_ + ahead) & (size_ - 1)} * record_bytes_;
  }
  void advance(std::uint32_t count) noexcept { next_ += count; }

  /// Shows everything written; true when the reader asked to be woken.
  [[nodiscard]] bool publish() noexcept {
    if (published_ == next_) return false;
    published_ = next_;
    shared_->tail.store(next_, std::memory_order_seq_cst);
    return wanted();
  }
  /// True once for each time the reader went to sleep.
  [[nodiscard]] bool wanted() noexcept {
    return shared_->sleeping.load(std::memory_order_seq_cst) != 0 &&
           shared_->sleeping.exchange(0, std::memory_order_seq_cst) != 0;
  }

  [[nodiscard]] std::uint32_t waiting() noexcept {
    refresh();
    return next_ - cached_head_;
  }
  [[nodiscard]] bool all_consumed() noexcept {
    refresh();
    return ok_ && cached_head_ == published_;
  }
  /// The record that the reader took and has not given back; nullptr: none.
  [[nodiscard]] const std::uint8_t* in_hand() noexcept {
    const std::uint32_t taken = shared_->taken.load(std::memory_order_seq_cst);
    if (all_consumed() || !ok_) return nullptr;
    if (taken == cached_head_ || taken - cached_head_ > published_ - cached_head_) return nullptr;
    return records_ + std::size_t{cached_head_ & (size_ - 1)} * record_bytes_;
  }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  void refresh() noexcept {
    const std::uint32_t head = shared_->head.load(std::memory_order_seq_cst);
    if (head - cached_head_ > published_ - cached_head_) {
      ok_ = false;  // it went back, or past what was ever shown
      return;
    }
    cached_head_ = head;
  }

  RingIndices* shared_;
  std::uint8_t* records_;
  std::uint32_t size_;
  std::size_t record_bytes_;
  std::uint32_t next_ = 0;
  std::uint32_t published_ = 0;
  std::uint32_t cached_head_ = 0;
  bool ok_ = true;
};

class RingReader {
 public:
  RingReader(RingIndices* shared, const std::uint8_t* records, std::uint32_t size,
             std::size_t record_bytes) noexcept
      : shared_(shared), records_(records), size_(size), record_bytes_(record_bytes) {}

  /// Records that may be read, at most the ring's size.
  [[nodiscard]] std::uint32_t available() noexcept {
    if (!ok_) return 0;
    if (cached_tail_ != next_) return cached_tail_ - next_;
    return refresh();
  }
  /// The same, always looking at the writer's index.
  [[nodiscard]] std::uint32_t refresh() noexcept {
    if (!ok_) return 0;
    const std::uint32_t tail = shared_->tail.load(std::memory_order_seq_cst);
    // Not behind what it has shown before, not further ahead than the ring is long.
    if (tail - next_ > size_ || tail - next_ < cached_tail_ - next_) {
      ok_ = false;
      return 0;
    }
    cached_tail_ = tail;
    return tail - next_;
  }
  [[nodiscard]] const std::uint8_t* record(std::uint32_t ahead) const noexcept {
    return records_ + std::size_t{(next_ + ahead) & (size_ - 1)} * record_bytes_;
  }
  void advance(std::uint32_t count) noexcept {
    next_ += count;
    shared_->taken.store(next_, std::memory_order_relaxed);  // before a crash over them, in program order
  }
  /// Gives everything passed by `advance` back to the writer.
  void release() noexcept {
    if (released_ == next_) return;
    released_ = next_;
    shared_->head.store(next_, std::memory_order_seq_cst);
  }

  void set_sleeping(bool sleeping) noexcept {
    shared_->sleeping.store(sleeping ? 1 : 0, std::memory_order_seq_cst);
  }
  void mark_corrupt() noexcept { ok_ = false; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  RingIndices* shared_;
  const std::uint8_t* records_;
  std::uint32_t size_;
  std::size_t record_bytes_;
  std::uint32_t next_ = 0;
  std::uint32_t released_ = 0;
  std::uint32_t cached_tail_ = 0;
  bool ok_ = true;
};

}  // namespace weir::channel
