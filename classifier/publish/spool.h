// SPDX-License-Identifier: Apache-2.0
// Events that wait on disk: segment files of one worker in a folder of its own, appended to in order, read in
// order, deleted when all of a segment has been acknowledged for a while. Each record has a CRC32C, so that
// what a power cut tore is found and what is good before and behind it is kept.
//
// A record: "WEV1", a 32 bit word (size, highest bit: a hit), the CRC32C of that word and the bytes, the
// bytes; all little endian. The last quarter of the room is for hits alone.
//
// Threads: `append`, `tidy` by one thread, `next`, `acknowledge`, `rewind` by another, the rest by any.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classifier/publish/event_ring.h"
#include "policy/model/error.h"

namespace weir::classifier {

inline constexpr std::size_t kSpoolRecordMax = 64U << 10U;    // bytes of an event
inline constexpr std::size_t kSpoolGroupBytes = 1U << 20U;    // written and synced at once, about
inline constexpr std::uint64_t kSpoolSegmentMax = 4U << 20U;  // a segment takes no more once it is this large
inline constexpr std::uint64_t kSpoolSegmentMin = 64U << 10U;

struct SpoolOptions {
  std::string folder;                     // is there; nobody else writes into it
  std::uint64_t bytes_max = 0;            // of all segments
  std::chrono::milliseconds kept{3'000};  // acknowledged this long ago: deleted
};

struct SpoolCounts {
  std::uint64_t bytes = 0;      // of all segments
  std::uint64_t waiting = 0;    // appended by this process and not yet acknowledged
  std::uint64_t recovered = 0;  // acknowledged ones that an earlier process had appended
  std::uint64_t lost = 0;       // appended by this process, and could not be read again
  std::uint64_t damaged = 0;    // places at which bytes were no record
};

class Spool {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes over what earlier processes left in the folder. kSystem: it cannot be listed.
  [[nodiscard]] static Result<std::unique_ptr<Spool>> open(SpoolOptions options);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// What became of a group, from its front on.
  struct Appended {
    std::size_t done = 0;        // on disk, or refused for good
    std::size_t refused = 0;     // of those: no hits, and their share of the room is used up
    std::optional<Error> error;  // kSystem: nothing of the group is on disk. kLimit: no room for the next hit
  };
  /// One write and one sync for as many as fit a group.
  [[nodiscard]] Appended append(std::span<const RingEvent> events);
  /// Deletes what was acknowledged long enough ago.
  void tidy(Clock::time_point now);

  [[nodiscard]] bool pending() const;
  /// The oldest that were not acknowledged, at most `count`; none: nothing is pending.
  [[nodiscard]] std::vector<std::string> next(std::size_t count);
  /// The first `count` of the last `next`. Gives how many were acknowledged for the first time.
  std::uint64_t acknowledge(std::size_t count, Clock::time_point now);
  /// From the oldest segment that is still there.
  void rewind();

  [[nodiscard]] SpoolCounts counts() const;

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t size = 0;                   // of whole records
    bool open = false;                        // may grow
    bool own = false;                         // written by this process
    std::uint64_t appended = 0;               // by this process
    std::uint64_t acknowledged = 0;           // records, each once
    std::uint64_t counted_to = 0;             // offset up to which they were
    std::uint64_t damaged_to = 0;             // offset up to which damage was counted
    std::optional<Clock::time_point> done{};  // all of it was acknowledged
  };

  struct Place {
    std::uint64_t number = 0;  // of the segment
    std::uint64_t offset = 0;
    std::uint64_t size = 0;  // of the segment
  };
  struct Found {
    std::vector<std::string> records;
    std::vector<std::uint64_t> ends;     // offsets behind the records
    std::uint64_t read_to = 0;           // without a record: the offset to go on from
    std::vector<std::uint64_t> damages;  // offsets behind bytes that are no record
  };

  explicit Spool(SpoolOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<void> list();
  [[nodiscard]] Result<void> open_segment();
  [[nodiscard]] std::string group_of(std::span<const RingEvent> events, Appended& appended) const;
  [[nodiscard]] std::optional<Place> place_to_read();
  [[nodiscard]] Found read_records(const Place& place, std::size_t count);
  void finish_reading(Segment& segment, Clock::time_point now);

  const SpoolOptions options_;
  int folder_ = -1;
  int writing_ = -1;                  // these of the appending thread: the newest segment
  std::uint64_t writing_number_ = 0;  // and its number
  std::vector<std::uint64_t> ends_;   // of the reading thread: offsets behind the last records
  mutable std::mutex mutex_;          // guards what follows; never held while a disk is waited for
  std::deque<Segment> segments_;
  std::uint64_t next_number_ = 1;
  std::size_t reading_ = 0;    // index of the segment that is read
  std::uint64_t read_to_ = 0;  // offset in it: acknowledged up to here
  SpoolCounts counts_;
};

}  // namespace weir::classifier
