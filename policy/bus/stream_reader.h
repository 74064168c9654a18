// SPDX-License-Identifier: Apache-2.0
// One consumer of a consumer group over several streams. `read` first gives again what this consumer was
// given before a restart and never acknowledged, then new entries. `claim` takes over entries of consumers
// that have been silent. Entries stay owed until `acknowledge`. A stream whose node is away is left out while
// others are read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/redis_connection.h"
#include "policy/bus/stream_registry.h"

namespace weir::policy {

struct StreamEntry {
  std::string stream;
  std::string id;       // Redis's: milliseconds-sequence
  std::string payload;  // field kPayloadField; empty: the entry does not have it
  bool gone = false;    // was owed to us but has been trimmed from the stream: acknowledge and count as lost
};

inline constexpr std::uint32_t kReadEntriesMax = 1'000;  // a single read of one stream

class StreamReader {
 public:
  /// Of these streams, at most kStreamsMax.
  StreamReader(RedisConnection connection, std::string group, std::string consumer,
               std::vector<std::string> streams);
  /// Of all that the appliances announce; `claim` looks for new ones.
  [[nodiscard]] static StreamReader of_appliances(RedisConnection connection, std::string group,
                                                  std::string consumer, Appliances appliances);

  /// Creates the group (from the stream's beginning) and the stream where missing. Call once, before read.
  [[nodiscard]] Result<void> create_group();
  /// Takes consumers that were silent for `idle` and owe nothing out of the group; gives how many.
  [[nodiscard]] Result<std::uint64_t> remove_consumers(std::chrono::milliseconds idle);
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
  /// The next `read` may give what this consumer was given before.
  [[nodiscard]] bool owes() const;
  /// Of the streams that it reads.
  [[nodiscard]] std::vector<std::string> names() const;
  /// Streams that were announced beyond kStreamsMax and are not read.
  [[nodiscard]] std::uint64_t left_out() const { return left_out_; }

 private:
  struct Stream {
    std::string name;
    std::string owed_after = "0";    // where the walk over our own owed entries stands
    bool owed_left = true;           // the walk has not reached its end
    std::string claim_from = "0-0";  // where XAUTOCLAIM goes on
  };
  [[nodiscard]] Result<void> look_for_streams();
  /// False: its node is away.
  [[nodiscard]] Result<bool> create_group_of(const std::string& stream);
  [[nodiscard]] Result<std::vector<StreamEntry>> read_from(const std::vector<Stream*>& streams, bool owed,
                                                           std::uint32_t count,
                                                           std::chrono::milliseconds block);
  [[nodiscard]] std::vector<Stream*> streams_that_owe(bool owed);
  /// One command for each stream, in one pipeline; the reply of each.
  template <typename Words>
  [[nodiscard]] Result<std::vector<StreamAnswer>> ask_each(Words words);

  RedisConnection connection_;
  std::string group_;
  std::string consumer_;
  std::optional<Appliances> appliances_;  // whose streams are looked for
  std::vector<std::string> missing_;      // no group yet: their nodes were away
  std::vector<Stream> streams_;
  std::uint64_t left_out_ = 0;
};

/// [[id, [field, value, ...]], ...] of XRANGE and XREADGROUP; anything else is kCorrupt.
[[nodiscard]] Result<std::vector<StreamEntry>> entries_of(const RedisReply& list, const std::string& stream);

}  // namespace weir::policy
