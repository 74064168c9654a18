// SPDX-License-Identifier: Apache-2.0
// Takes from streams what every consumer group has acknowledged, and that alone: what is behind the entry
// that the slowest group still needs. The hard cap of a stream is its writer's (stream_writer.h).
#pragma once

#include <algorithm>
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

/// What acknowledged entries of all streams of a trimmer may take of Redis' memory: a quarter of what the
/// appliance's Redis has (images/overlay/etc/weir/redis/redis.conf), so that what nobody has read yet finds
/// room.
inline constexpr std::uint64_t kKeptBytesMax = 128U << 20U;

class StreamTrimmer {
 public:
  /// `kept`: acknowledged entries that are younger stay, for people who look, as far as `kept_bytes`
  /// suffices.
  StreamTrimmer(RedisConnection connection, std::vector<std::string> streams, std::chrono::seconds kept,
                std::uint64_t kept_bytes = kKeptBytesMax)
      : connection_(std::move(connection)),
        streams_(std::move(streams)),
        kept_(kept),
        stream_bytes_(kept_bytes / std::max<std::size_t>(streams_.size(), 1)) {}

  /// Gives how many entries went. A stream without a group stays as it is. All are trimmed by age before any
  /// is by its share, which takes rights that an older ACL does not give. kInvalid: Redis refused (its ACL);
  /// kUnavailable: make a new one.
  [[nodiscard]] Result<std::uint64_t> trim(TimeNs now);

 private:
  [[nodiscard]] Result<std::uint64_t> trim_before(const std::string& stream, EntryId from);
  /// Takes what is more than the stream's share, up to `needed`.
  [[nodiscard]] Result<std::uint64_t> fit(const std::string& stream, EntryId needed, std::uint64_t now_ms);
  /// From where on the entries fit if they are evenly spread over their time; the first id where all do.
  [[nodiscard]] Result<EntryId> fits_from(const std::string& stream, std::uint64_t now_ms);
  /// The oldest entry that some group still needs, or the last that all have; nullopt: there is no group.
  [[nodiscard]] Result<std::optional<EntryId>> needed_from(const std::string& stream);

  RedisConnection connection_;
  std::vector<std::string> streams_;
  std::chrono::seconds kept_;
  std::uint64_t stream_bytes_;
};

}  // namespace weir::policy
