// SPDX-License-Identifier: Apache-2.0
// Events that wait to be sent, in memory that outlives this process: a file in the run directory (which is in
// memory) that both this classifier and the next one of its worker map. An event is safe from a kill of its
// process as soon as `commit` returns, without a system call; a power cut takes it. Events that were sent
// stay until their room is needed, so that they can be said again to a Redis that lost them.
//
// A quarter of the room is for hits alone: when it runs out, other events are refused first.
//
// Threads: `reserve` and `commit` by one thread, the rest by others; whoever owns it locks. Bytes between
// `kept_from` and the end stay as they are while nobody holds the lock, as far as they are pinned or unsent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

namespace weir::classifier {

/// One event that waits.
struct RingEvent {
  std::string_view bytes;  // in the ring, or in a buffer of whoever gave it
  bool hit = false;        // says that a rule matched: kept before others when room runs out
};

struct RingShape {
  std::size_t bytes = 0;  // of the ring, rounded up to a page; an event takes its size and 8 to 15 more
  std::uint64_t events_max = 0;  // that may wait
};

/// What anything but hits may use of a limit.
[[nodiscard]] constexpr std::uint64_t common_share(std::uint64_t limit) { return limit - limit / 4; }

class EventRing {
 public:
  /// Maps the file, makes it where it is missing; events that its last user left unsent or kept come first.
  /// kSystem: it cannot be made; kLimit: another process uses it. A file that is no ring is replaced; of a
  /// damaged one, what is before the damage is left. An empty path: the memory is this process's own.
  [[nodiscard]] static Result<EventRing> open(const std::string& path, RingShape shape);
  EventRing(EventRing&& other) noexcept;
  EventRing& operator=(EventRing&&) = delete;
  ~EventRing();

  /// Room for one event, not yet among those that wait; empty: there is none.
  [[nodiscard]] std::span<char> reserve(std::size_t bytes, bool hit);
  /// The reserved one waits from now on.
  void commit();

  /// The oldest that wait, at most `count`, in order.
  [[nodiscard]] std::vector<RingEvent> waiting(std::size_t count) const;
  [[nodiscard]] std::uint64_t waiting_count() const { return waiting_; }
  /// How many of those were left by the process before; known after `open`.
  [[nodiscard]] std::uint64_t left_before() const { return left_before_; }
  /// Number of the oldest that waits; counts up with each that leaves.
  [[nodiscard]] std::uint64_t first_waiting() const { return first_; }
  /// The oldest `count` wait no longer; they are kept until their room is needed.
  void advance(std::uint64_t count);

  /// Those that were sent and are still there, from number `from` on (counted as first_waiting).
  [[nodiscard]] std::vector<RingEvent> kept(std::uint64_t from, std::size_t count) const;
  [[nodiscard]] std::uint64_t first_kept() const { return kept_first_; }
  /// Those with a lower number are kept no longer, as far as they were sent.
  void let_go(std::uint64_t before);
  /// Nothing of number `from` and later gives its room away, sent or not, until `unpin`.
  void pin(std::uint64_t from) { pinned_ = from; }
  void unpin() { pinned_ = UINT64_MAX; }
  /// Whether the next process finds what is in here.
  [[nodiscard]] bool outlives() const { return descriptor_ >= 0; }

 private:
  struct Head;
  EventRing() = default;
  struct Left {
    std::string bytes;
    bool hit = false;
  };
  [[nodiscard]] static Result<int> lock(const std::string& path, bool make);
  [[nodiscard]] static Result<EventRing> map(int descriptor, const std::vector<Left>& left, RingShape shape);
  [[nodiscard]] static std::vector<Left> left_in(int descriptor);
  [[nodiscard]] char* at(std::uint64_t offset) const;
  [[nodiscard]] std::uint64_t event_at(std::uint64_t offset) const;
  [[nodiscard]] std::uint64_t after(std::uint64_t offset) const;
  [[nodiscard]] std::vector<RingEvent> walk(std::uint64_t offset, std::size_t count) const;
  [[nodiscard]] bool make_room(std::uint64_t end);

  Head* head_ = nullptr;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;  // bytes of data_, a multiple of 8
  int descriptor_ = -1;       // held for its lock
  std::uint64_t events_max_ = 0;
  std::uint64_t reserved_end_ = 0;  // offset behind the reserved event
  std::uint64_t waiting_ = 0;
  std::uint64_t left_before_ = 0;
  std::uint64_t first_ = 0;
  std::uint64_t kept_first_ = 0;
  std::uint64_t kept_at_ = 0;  // offset of kept_first_
  std::uint64_t pinned_ = UINT64_MAX;
};

}  // namespace weir::classifier
