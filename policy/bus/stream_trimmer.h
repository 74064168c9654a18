// SPDX-License-Identifier: Apache-2.0
// Takes from streams what every consumer group has acknowledged, and that alone: what is behind the entry
// that the slowest group still needs. The hard cap of a stream is its writer's (stream_writer.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/bus/redis_connection.h"
#include "policy/model/time.h"

namespace weir::policy {

/// A Redis id, "milliseconds-sequence", in its order.
struct EntryId {
  std::uint64_t milliseconds = 0;
  std::uint64_t sequence = 0;

  [[nodiscard]] static std::optional<EntryId> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const EntryId&) const = default;
};

class StreamTrimmer {
 public:
  /// `kept`: acknowledged entries that are younger stay, for people who look.
  StreamTrimmer(RedisConnection connection, std::vector<std::string> streams, std::chrono::seconds kept)
      : connection_(std::move(connection)), streams_(std::move(streams)), kept_(kept) {}

  /// Gives how many entries went. A stream without a group stays as it is. kInvalid: Redis refused (its ACL);
  /// kUnavailable: make a new one.
  [[nodiscard]] Result<std::uint64_t> trim(TimeNs now);

 private:
  /// The oldest entry that some group still needs, or the last that all have; nullopt: there is no group.
  [[nodiscard]] Result<std::optional<EntryId>> needed_from(const std::string& stream);

  RedisConnection connection_;
  std::vector<std::string> streams_;
  std::chrono::seconds kept_;
};

}  // namespace weir::policy
