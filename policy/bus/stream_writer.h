// SPDX-License-Identifier: Apache-2.0
// Appends entries to streams in a pipeline: `append` only queues in memory, `flush` sends and waits for all
// answers. Keeps no copy of what it was given: after an error the caller appends again, on a new connection,
// what was not acknowledged. An entry may then be in the stream twice; readers are idempotent by event id.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "policy/bus/redis_connection.h"

namespace weir::policy {

inline constexpr std::uint32_t kPipelineEntriesMax = 512;    // queued before a flush
inline constexpr std::size_t kPipelineBytesMax = 8U << 20U;  // queued before a flush
inline constexpr std::size_t kEntryBytesMax = 260U << 10U;   // of one payload; larger is refused

/// What a flush did. Entries are answered in order: the first `acknowledged` appended ones are safe in Redis.
struct FlushReport {
  std::uint64_t acknowledged = 0;
  std::uint64_t not_acknowledged = 0;  // from the first refusal or lost answer on
  std::optional<Error> error;  // kUnavailable: connect again; else Redis refused (no memory, no permission)
};

class StreamWriter {
 public:
  /// `entries_max`: the stream is trimmed to about this many entries (XADD MAXLEN ~).
  StreamWriter(RedisConnection connection, std::uint32_t entries_max)
      : connection_(std::move(connection)), entries_max_(std::to_string(entries_max)) {}

  /// kLimit: flush first (pipeline full), or the payload is longer than kEntryBytesMax.
  [[nodiscard]] Result<void> append(std::string_view stream, std::string_view payload);
  [[nodiscard]] FlushReport flush();
  /// Entries appended from now on trim the stream to about this many.
  void keep(std::uint64_t entries_max) { entries_max_ = std::to_string(entries_max); }
  [[nodiscard]] std::uint64_t pending() const { return pending_; }
  [[nodiscard]] bool usable() const { return connection_.usable(); }

 private:
  RedisConnection connection_;
  std::string entries_max_;
  std::uint64_t pending_ = 0;
  std::size_t pending_bytes_ = 0;
};

}  // namespace weir::policy
