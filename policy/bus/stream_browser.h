// SPDX-License-Identifier: Apache-2.0
// Reads streams without being a consumer of a group: nothing is owed, nothing is acknowledged. For people's
// look-ups.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/stream_reader.h"

namespace weir::policy {

class StreamBrowser {
 public:
  explicit StreamBrowser(RedisConnection connection) : connection_(std::move(connection)) {}

  /// Walks a stream from its newest entry, or the entry `from`, backwards until `visit` returns false, the
  /// beginning, or `entries_max` entries. Gives how many were visited.
  [[nodiscard]] Result<std::uint64_t> scan_backwards(const std::string& stream, std::uint64_t entries_max,
                                                     const std::function<bool(const StreamEntry&)>& visit,
                                                     const std::string& from = "+");
  /// Follows from now on: the first call marks the place, every call gives what was appended since, waiting
  /// up to `block` when there is nothing.
  [[nodiscard]] Result<std::vector<StreamEntry>> follow(const std::vector<std::string>& streams,
                                                        std::chrono::milliseconds block);
  /// Number of entries; 0 for a stream that does not exist.
  [[nodiscard]] Result<std::uint64_t> length(const std::string& stream);

 private:
  [[nodiscard]] Result<void> mark(const std::vector<std::string>& streams);

  RedisConnection connection_;
  std::vector<std::pair<std::string, std::string>> after_;  // stream, last id seen
};

}  // namespace weir::policy
