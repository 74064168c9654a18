// SPDX-License-Identifier: Apache-2.0
// What one server (server_connection.h) and a cluster (redis_cluster.h) have in common. Only
// redis_connection.h uses it.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/bus/redis_reply.h"
#include "policy/model/error.h"

namespace weir::policy {

/// An XREAD or XREADGROUP over several streams.
struct StreamsRead {
  std::vector<std::string_view> head;                     // the command as far as COUNT
  std::vector<std::pair<std::string, std::string>> from;  // each stream, and the id behind which to read
  std::optional<std::chrono::milliseconds> block;         // how long to wait for an entry; none: not at all
};
/// Of one stream: a list of entries, or nil. kUnavailable: the node that has it does not answer, while others
/// do.
using StreamAnswer = Result<RedisReply>;

class RedisTransport {
 public:
  RedisTransport() = default;
  virtual ~RedisTransport() = default;
  RedisTransport(const RedisTransport&) = delete;
  RedisTransport& operator=(const RedisTransport&) = delete;

  /// As of RedisConnection.
  [[nodiscard]] virtual Result<void> append(std::span<const std::string_view> arguments) = 0;
  [[nodiscard]] virtual Result<RedisReply> receive() = 0;
  [[nodiscard]] virtual Result<std::vector<StreamAnswer>> read(const StreamsRead& wanted) = 0;
  [[nodiscard]] virtual Result<void> wait_longer(std::chrono::milliseconds extra) = 0;
  [[nodiscard]] virtual bool usable() const = 0;
};

}  // namespace weir::policy
