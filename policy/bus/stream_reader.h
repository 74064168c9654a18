// SPDX-License-Identifier: Apache-2.0
// One consumer of a consumer group over several streams. `read` first gives again what this consumer was
// given before a restart and never acknowledged, then new entries. `claim` takes over entries of consumers
// that have been silent. Entries stay owed until `acknowledge`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/redis_connection.h"

namespace weir::policy {

struct StreamEntry {
  std::string stream;
  std::string id;       // Redis's: milliseconds-sequence
  std::string payload;  // field kPayloadField; empty: the entry does not have it
  bool gone = false;    // was owed to us but has been trimmed from the stream: acknowledge and count as lost
};

inline constexpr std::uint32_t kReadEntriesMax = 1'000;  // a single read of one stream
inline constexpr std::size_t kStreamsMax = 128;          // a reader follows

class StreamReader {
 public:
  StreamReader(RedisConnection connection, std::string group, std::string consumer,
               std::vector<std::string> streams);

  /// Creates the group (from the stream's beginning) and the stream where missing. Call once, before read.
  [[nodiscard]] Result<void> create_group();
  /// At most `count` entries a stream. Waits up to `block` only for new entries; none in time gives an empty
  /// list.
  [[nodiscard]] Result<std::vector<StreamEntry>> read(std::uint32_t count, std::chrono::milliseconds block);
  /// Takes over entries that any consumer was given at least `idle` ago and has not acknowledged. Owed
  /// entries that were trimmed are among them, as gone, whoever owed them.
  [[nodiscard]] Result<std::vector<StreamEntry>> claim(std::uint32_t count, std::chrono::milliseconds idle);
  /// Acknowledges in one pipeline; gives how many were still owed.
  [[nodiscard]] Result<std::uint64_t> acknowledge(const std::vector<StreamEntry>& entries);
  /// The next `read` may give what this consumer was given before.
  [[nodiscard]] bool owes() const { return owed_left_; }
  [[nodiscard]] bool usable() const { return connection_.usable(); }

 private:
  [[nodiscard]] Result<std::vector<StreamEntry>> read_from(bool owed, std::uint32_t count,
                                                           std::chrono::milliseconds block);

  RedisConnection connection_;
  std::string group_;
  std::string consumer_;
  std::vector<std::string> streams_;
  std::vector<std::string> owed_after_;  // per stream: where the walk over our own owed entries stands
  std::vector<std::string> claim_from_;  // per stream: where XAUTOCLAIM goes on
  bool owed_left_ = true;                // the walk has not reached its end
};

/// [[id, [field, value, ...]], ...] of XRANGE and XREADGROUP; anything else is kCorrupt.
[[nodiscard]] Result<std::vector<StreamEntry>> entries_of(const RedisReply& list, const std::string& stream);

}  // namespace weir::policy
