// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/event_ring.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace weir::classifier {
namespace {

constexpr std::uint64_t kMagic = 0x0131474e49524557;  // "WERING1", little endian, version 1
constexpr std::size_t kPage = 4'096;
constexpr std::uint32_t kHitBit = 1U << 31U;
constexpr std::uint32_t kWrap = UINT32_MAX;  // the next event is at the ring's beginning

/// Before each event's bytes.
struct Mark {
  std::uint32_t word = 0;  // its size and the hit bit, or kWrap
  std::uint32_t spare = 0;
};

constexpr std::uint64_t room_for(std::size_t bytes) { return (sizeof(Mark) + bytes + 7) / 8 * 8; }

Mark mark_at(const char* place) {
  Mark mark;
  std::memcpy(&mark, place, sizeof(mark));
  return mark;
}

void set_mark(char* place, std::uint32_t word) {
  const Mark mark{word, 0};
  std::memcpy(place, &mark, sizeof(mark));
}

std::string reason() { return std::strerror(errno); }

}  // namespace

/// Offsets count bytes since the ring was made; their place is the remainder. They are written after what
/// they are about, so that a death at any instruction leaves a ring that holds together.
struct EventRing::Head {
  std::uint64_t magic = 0;
  std::uint64_t capacity = 0;
  std::uint64_t end = 0;   // of the newest event
  std::uint64_t next = 0;  // the oldest that waits
  std::uint64_t kept = 0;  // the oldest that is kept

  static void store(std::uint64_t& field, std::uint64_t value) {
    std::atomic_ref{field}.store(value, std::memory_order_release);
  }
};

EventRing::EventRing(EventRing&& other) noexcept
    : head_(std::exchange(other.head_, nullptr)),
      data_(other.data_),
      capacity_(other.capacity_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      events_max_(other.events_max_),
      reserved_end_(other.reserved_end_),
      waiting_(other.waiting_),
      left_before_(other.left_before_),
      first_(other.first_),
      kept_first_(other.kept_first_),
      kept_at_(other.kept_at_),
      pinned_(other.pinned_) {}

EventRing::~EventRing() {
  if (head_ != nullptr) munmap(head_, kPage + capacity_);
  if (descriptor_ >= 0) close(descriptor_);
}

/// Opens and locks; -1 where there is no such file and `make` is false.
Result<int> EventRing::lock(const std::string& path, bool make) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT : 0), 0600);
  if (descriptor < 0 && errno == ENOENT && !make) return -1;
  if (descriptor < 0) return failure(ErrorCode::kSystem, fmt::format("cannot open {}: {}", path, reason()));
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
  close(descriptor);
  return failure(ErrorCode::kLimit, fmt::format("another process uses {}", path),
                 "end the other classifier of this worker");
}

Result<EventRing> EventRing::open(const std::string& path, RingShape shape) {
  if (path.empty()) return map(-1, {}, shape);
  const auto before = lock(path, false);
  if (!before) return tl::unexpected(before.error());
  const std::vector<Left> left = *before < 0 ? std::vector<Left>{} : left_in(*before);
  const std::string fresh = path + ".new";
  const auto descriptor = lock(fresh, true);
  auto ring = descriptor ? map(*descriptor, left, shape) : tl::unexpected(descriptor.error());
  // From here on the next process finds this one's ring; before, that of the last.
  if (ring && std::rename(fresh.c_str(), path.c_str()) != 0) {
    ring = failure(ErrorCode::kSystem, fmt::format("cannot rename {}: {}", fresh, reason()));
  }
  if (*before >= 0) close(*before);
  return ring;
}

/// A new ring with these events in it. Owns the descriptor.
Result<EventRing> EventRing::map(int descriptor, const std::vector<Left>& left, RingShape shape) {
  EventRing ring;
  ring.descriptor_ = descriptor;
  std::size_t needed = 0;  // what was left has its place, whatever the settings say now
  for (const Left& event : left) needed += room_for(event.bytes.size());
  ring.capacity_ = (std::max(shape.bytes, 2 * needed) + kPage - 1) / kPage * kPage;
  const std::size_t mapped = kPage + ring.capacity_;
  const bool sized = descriptor < 0 || (ftruncate(descriptor, 0) == 0 &&
                                        ftruncate(descriptor, static_cast<off_t>(mapped)) == 0);
  if (!sized) return failure(ErrorCode::kSystem, "cannot size the event ring: " + reason());
  const int flags = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* const place = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (place == MAP_FAILED) return failure(ErrorCode::kSystem, "cannot map the event ring: " + reason());
  ring.head_ = static_cast<Head*>(place);
  ring.data_ = static_cast<char*>(place) + kPage;
  *ring.head_ = Head{.magic = kMagic, .capacity = ring.capacity_, .end = 0, .next = 0, .kept = 0};
  ring.events_max_ = UINT64_MAX;
  for (const Left& event : left) {
    const std::span<char> room = ring.reserve(event.bytes.size(), event.hit);
    std::copy(event.bytes.begin(), event.bytes.end(), room.begin());
    ring.commit();
  }
  ring.left_before_ = left.size();
  ring.events_max_ = shape.events_max;
  return ring;
}

/// Copies of what waits or is kept in the ring of a dead process. Nothing of it is believed without a check;
/// of a damaged one, what is before the damage.
std::vector<EventRing::Left> EventRing::left_in(int descriptor) {
  struct stat about {};
  if (fstat(descriptor, &about) != 0 || about.st_size < static_cast<off_t>(2 * kPage)) return {};
  std::vector<char> file(static_cast<std::size_t>(about.st_size));
  for (std::size_t got = 0; got < file.size();) {
    const ssize_t some = pread(descriptor, file.data() + got, file.size() - got, static_cast<off_t>(got));
    if (some <= 0) return {};
    got += static_cast<std::size_t>(some);
  }
  Head head;
  std::memcpy(&head, file.data(), sizeof(head));
  const std::size_t capacity = file.size() - kPage;
  if (head.magic != kMagic || head.capacity != capacity || capacity % 8 != 0 || head.kept > head.end ||
      head.end - head.kept > capacity || head.kept % 8 != 0) {
    return {};
  }
  std::vector<Left> left;
  for (std::uint64_t offset = head.kept; offset < head.end;) {
    const std::size_t place = offset % capacity;
    const Mark mark = mark_at(file.data() + kPage + place);
    const std::size_t bytes = mark.word & ~kHitBit;
    const std::size_t room = mark.word == kWrap ? capacity - place : room_for(bytes);
    if (room > capacity - place || room > head.end - offset) break;
    if (mark.word != kWrap)
      left.push_back({{file.data() + kPage + place + sizeof(Mark), bytes}, (mark.word & kHitBit) != 0});
    offset += room;
  }
  return left;
}

char* EventRing::at(std::uint64_t offset) const { return data_ + offset % capacity_; }

/// Where the event is that comes at this offset or, past the ring's edge, behind it.
std::uint64_t EventRing::event_at(std::uint64_t offset) const {
  return mark_at(at(offset)).word == kWrap ? offset + capacity_ - offset % capacity_ : offset;
}

/// Behind the event that comes at this offset.
std::uint64_t EventRing::after(std::uint64_t offset) const {
  offset = event_at(offset);
  return offset + room_for(mark_at(at(offset)).word & ~kHitBit);
}

std::span<char> EventRing::reserve(std::size_t bytes, bool hit) {
  if (bytes >= kHitBit || waiting_ >= (hit ? events_max_ : common_share(events_max_))) return {};
  const std::uint64_t room = room_for(bytes);
  std::uint64_t begin = head_->end;
  const std::uint64_t to_edge = capacity_ - begin % capacity_;
  const bool wraps = room > to_edge;
  if (wraps) begin += to_edge;
  const std::uint64_t end = begin + room;
  if (end - head_->next > (hit ? capacity_ : common_share(capacity_)) || !make_room(end)) return {};
  if (wraps) set_mark(at(head_->end), kWrap);
  set_mark(at(begin), static_cast<std::uint32_t>(bytes) | (hit ? kHitBit : 0));
  reserved_end_ = end;
  return {at(begin) + sizeof(Mark), bytes};
}

/// Lets go of the oldest that were sent, until the ring may be written up to `end`.
bool EventRing::make_room(std::uint64_t end) {
  while (end - kept_at_ > capacity_) {
    if (kept_first_ == first_ || kept_first_ >= pinned_) return false;
    let_go(kept_first_ + 1);
  }
  return true;
}

void EventRing::let_go(std::uint64_t before) {
  for (before = std::min({before, first_, pinned_}); kept_first_ < before; ++kept_first_)
    kept_at_ = after(kept_at_);
  Head::store(head_->kept, kept_at_);
}

void EventRing::commit() {
  Head::store(head_->end, reserved_end_);
  ++waiting_;
}

void EventRing::advance(std::uint64_t count) {
  std::uint64_t next = head_->next;
  for (count = std::min(count, waiting_); count > 0; --count) {
    next = after(next);
    ++first_;
    --waiting_;
  }
  Head::store(head_->next, next);
}

std::vector<RingEvent> EventRing::walk(std::uint64_t offset, std::size_t count) const {
  std::vector<RingEvent> events;
  events.reserve(count);
  for (; events.size() < count; offset = after(offset)) {
    const char* const place = at(event_at(offset));
    const std::uint32_t word = mark_at(place).word;
    events.push_back({{place + sizeof(Mark), word & ~kHitBit}, (word & kHitBit) != 0});
  }
  return events;
}

std::vector<RingEvent> EventRing::waiting(std::size_t count) const {
  return walk(head_->next, static_cast<std::size_t>(std::min<std::uint64_t>(count, waiting_)));
}

std::vector<RingEvent> EventRing::kept(std::uint64_t from, std::size_t count) const {
  from = std::max(from, kept_first_);
  if (from >= first_) return {};
  std::uint64_t offset = kept_at_;
  for (std::uint64_t number = kept_first_; number < from; ++number) offset = after(offset);
  return walk(offset, static_cast<std::size_t>(std::min<std::uint64_t>(count, first_ - from)));
}

}  // namespace weir::classifier
