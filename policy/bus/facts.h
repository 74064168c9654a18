// SPDX-License-Identifier: Apache-2.0
// What the engine tells every classifier of quotas, in the stream weir:facts: each entry the whole use of one
// subject in one period, so that a later one takes the place of an earlier one, and one that is said twice
// changes nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/fact_codec.h"
#include "policy/bus/redis_connection.h"
#include "policy/bus/stream_writer.h"
#include "policy/model/quota_table.h"

namespace weir::policy {

/// The stream keeps about this many entries. Twice as many as there are facts at a time: a whole set and what
/// was said since stand in it, so that a classifier that starts reads all of them.
inline constexpr std::uint32_t kFactsKeptMax = 2 * kQuotaFactsMax;
inline constexpr std::uint32_t kFactsAtOnce = 500;  // of one call of FactsReader::read
static_assert(kFactsAtOnce <= kPipelineEntriesMax);

class FactsWriter {
 public:
  /// `kept_max`: entries of the stream, about; a test makes it small.
  explicit FactsWriter(RedisConnection connection, std::uint32_t kept_max = kFactsKeptMax)
      : writer_(std::move(connection), kept_max), kept_max_(kept_max) {}

  /// All of them, in order, at most kFactsAtOnce. kLimit: Redis refused one, or in a cluster the node that
  /// has them is away; kUnavailable: connect again. After an Error some may be in the stream.
  [[nodiscard]] Result<void> write(std::span<const QuotaFact> facts);
  /// So many were written since the last whole set that it will be trimmed some day: time for another.
  /// A quarter of the stream, so that two engines may both count to it.
  [[nodiscard]] bool wants_whole_set() const { return written_ >= kept_max_ / 4; }
  void wrote_whole_set() { written_ = 0; }

 private:
  StreamWriter writer_;
  std::uint32_t kept_max_;
  std::uint64_t written_ = 0;  // since the last whole set
};

/// One connection, one owner. After an Error of kUnavailable make a new one, which begins from the beginning.
class FactsReader {
 public:
  explicit FactsReader(RedisConnection connection) : connection_(std::move(connection)) {}

  /// What was said since the last call, oldest first, at most kFactsAtOnce; the first call starts at the
  /// stream's beginning. None: there is no more for now. Waits up to `block` for one; 0: not at all.
  [[nodiscard]] Result<std::vector<QuotaFact>> read(std::chrono::milliseconds block);
  /// Entries that decode_fact refused.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  [[nodiscard]] bool usable() const { return connection_.usable(); }

 private:
  /// Payloads of the next entries.
  [[nodiscard]] Result<std::vector<std::string>> next(std::chrono::milliseconds block);

  RedisConnection connection_;
  std::string after_ = "0-0";  // last id seen
  std::uint64_t skipped_ = 0;
};

}  // namespace weir::policy
