// SPDX-License-Identifier: Apache-2.0
// One direction of a TCP connection put in order. The first copy of a byte that was accepted is the one that
// counts; a later copy with other content is a conflict and the whole segment that carries it is refused.
// Bytes that wait behind a missing segment are no first copy yet: who holds their packets back may let them
// give way to the newcomer.
//
// What is detected: a differing copy of any byte that its receiver has not acknowledged, and of the last
// kHistoryBytes consumed ones. What was acknowledged cannot be replaced, so a copy of it passes.
// Where acknowledgements are seen nothing that was not acknowledged is forgotten: what comes too far ahead of
// them is not taken, and its sender repeats it. Where none is seen (the other direction goes another way),
// bytes beyond the limit are forgotten and cannot be compared: a copy of them is a conflict as well. Bytes
// that were skipped have no content here. Bytes left of the stream's start are ignored, as a receiver trims
// them. FIN is only noted: a forged FIN must not end the stream. RST, acknowledgements and windows are the
// flow table's affair, not this one's.
//
// Sequence numbers wrap (RFC 9293 section 3.4); inside, positions are 64 bits wide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "policy/model/byte_reader.h"

namespace weir::classifier {

inline constexpr std::uint8_t kTcpFin = 0x01;
inline constexpr std::uint8_t kTcpSyn = 0x02;
inline constexpr std::uint8_t kTcpRst = 0x04;
inline constexpr std::uint8_t kTcpAck = 0x10;
inline constexpr std::uint8_t kTcpUrg = 0x20;

/// Position of a stream's first byte; high, so that bytes left of it have one too.
inline constexpr std::uint64_t kStreamStart = std::uint64_t{1} << 33U;
/// Ends of segments that are remembered from the stream's start on, to tell what came in one piece.
inline constexpr std::size_t kCutsMax = 15;

/// Consumed bytes kept to recognise a later, different copy.
inline constexpr std::size_t kHistoryBytes = 2'048;

/// Consumed bytes kept until their receiver acknowledges them, of one direction: a window of TCP on a long
/// line.
inline constexpr std::uint32_t kUnacknowledgedBytesMax = 1U << 20U;

/// So much may be kAhead with nothing taken in between; after it nobody expects that the missing bytes come.
inline constexpr std::uint64_t kAheadBytesMax = 4U << 20U;

struct StreamLimits {
  std::uint32_t bytes_max = 65'536;      // assembled and not consumed; as many may wait behind a missing one
  std::uint32_t segments_held_max = 64;  // pieces waiting behind a missing one
};

enum class Accepted : std::uint8_t {
  kInOrder,             // it extended the assembled bytes, repeats what was assembled, or has no payload
  kWaiting,             // all it brings lies behind a missing segment
  kConflict,            // it contradicts an earlier copy; nothing of it was taken
  kContradictsWaiting,  // it contradicts what waits, and nothing else; nothing of it was taken
  kAhead,  // too far ahead of a missing segment or of the acknowledgements to be kept; nothing of
           // it was taken, and its sender repeats it when it is not delivered
  kLimit,  // more than anybody consumes, or it would be kAhead of what will not come any more;
           // nothing of it was taken
};

/// Where a segment says something else than the stream: the first to the last such byte.
struct Difference {
  std::size_t at = 0;  // in the segment
  std::size_t bytes = 0;
};

class TcpStream {
 public:
  explicit TcpStream(StreamLimits limits) : limits_(limits) {}

  /// One segment as it arrives. A SYN sets the stream's start, its payload follows it; without a SYN the
  /// first segment does. A later SYN with another number moves the start while nothing was accepted yet.
  [[nodiscard]] Accepted add(std::uint32_t sequence, std::uint8_t tcp_flags, Bytes payload);

  /// From now on so many consumed bytes are kept until they are acknowledged; what is kept already stays.
  void keep_unacknowledged(std::uint32_t bytes_max) { unacknowledged_max_ = bytes_max; }

  /// What waits and overlaps this segment is forgotten.
  void give_way(std::uint32_t sequence, Bytes payload);

  /// It would be a conflict, or contradicts what waits.
  [[nodiscard]] bool contradicts(std::uint32_t sequence, Bytes payload) const;
  /// Everything that came since the stream's start is here.
  [[nodiscard]] bool whole() const;
  /// Of a segment that is a conflict: the place where it differs, if each segment that touched this place
  /// came with all of it, and if a variant() is possible.
  [[nodiscard]] std::optional<Difference> difference(std::uint32_t sequence, Bytes payload) const;
  /// The stream as it would be with these bytes in place of its own, and nothing of it consumed or sealed.
  /// For a whole() stream and bytes within what was assembled.
  [[nodiscard]] TcpStream variant(std::uint32_t sequence, Bytes bytes) const;
  /// A number within what was assembled: the `count` bytes from there.
  [[nodiscard]] Bytes assembled(std::uint32_t sequence, std::size_t count) const;
  [[nodiscard]] bool is_acknowledged(std::uint32_t end) const { return position(end) <= acknowledged_; }

  /// The receiver has everything before this sequence number.
  void acknowledge(std::uint32_t sequence);

  /// Assembled bytes that were not consumed. Valid until the next call that is not const.
  [[nodiscard]] Bytes ready() const { return Bytes{window_}.subspan(ready_from_); }
  /// `count` is at most ready().size().
  void consume(std::size_t count);
  /// No further byte is of interest: what waits is forgotten, what was assembled is kept until its receiver
  /// has it.
  void seal();
  /// Sealed, and nothing is kept any more.
  [[nodiscard]] bool delivered() const { return sealed_ && window_.empty() && before_skip_.empty(); }
  /// The next `count` bytes after the assembled ones will not be shown (ready() must be empty). Pieces
  /// waiting within them are dropped; should they be shown in spite of it they count as old.
  void skip(std::uint64_t count);

  /// Sequence number of the first byte that was not assembled yet.
  [[nodiscard]] std::uint32_t next_sequence() const { return next_sequence_; }
  [[nodiscard]] bool gap() const { return !held_.empty(); }
  /// All bytes before a FIN were assembled.
  [[nodiscard]] bool finished() const { return fin_seen_ && next_ >= fin_; }
  [[nodiscard]] std::size_t bytes_held() const { return window_.size() + held_bytes_ + before_skip_bytes_; }
  /// Forgets every byte and frees the memory; the position stays.
  void release();

 private:
  struct Held {
    std::uint64_t offset = 0;
    std::vector<std::uint8_t> bytes;
    [[nodiscard]] std::uint64_t end() const { return offset + bytes.size(); }
  };

  void start(std::uint32_t first_byte_sequence);
  void trim();
  [[nodiscard]] std::uint64_t position(std::uint32_t sequence) const {
    return next_ +
           static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(sequence - next_sequence_)});
  }
  [[nodiscard]] Accepted ahead(std::size_t bytes);
  [[nodiscard]] bool contradicts_kept(std::uint64_t offset, Bytes payload) const;
  [[nodiscard]] bool contradicts_held(std::uint64_t offset, Bytes payload) const;
  void note_cut(std::uint64_t offset);
  void append(Bytes bytes);
  void take_held();
  [[nodiscard]] Accepted hold(std::uint64_t offset, Bytes payload);

  StreamLimits limits_;
  std::uint32_t unacknowledged_max_ = kUnacknowledgedBytesMax;
  bool started_ = false;
  bool accepted_any_ = false;
  bool fin_seen_ = false;
  bool sealed_ = false;
  bool unseen_ = false;  // more came after it was sealed
  std::uint8_t cuts_ = 0;
  std::array<std::uint32_t, kCutsMax> cut_{};  // from the stream's start
  std::uint32_t next_sequence_ = 0;
  std::uint64_t next_ = 0;  // position of next_sequence_
  std::uint64_t fin_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t ahead_bytes_ = 0;     // kAhead since something was taken
  bool acknowledged_unseen_ = false;  // the receiver has bytes that were not shown here
  std::vector<std::uint8_t> window_;  // consumed history, then what is ready; ends at next_
  std::size_t ready_from_ = 0;
  std::vector<Held> before_skip_;  // not acknowledged, in front of bytes that were skipped
  std::size_t before_skip_bytes_ = 0;
  std::uint64_t forgotten_from_ = 0;  // of the bytes dropped from the window before they were acknowledged
  std::uint64_t forgotten_end_ = 0;
  std::vector<Held> held_;  // sorted, disjoint, all beyond next_
  std::size_t held_bytes_ = 0;
};

}  // namespace weir::classifier
