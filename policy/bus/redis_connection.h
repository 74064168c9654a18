// SPDX-License-Identifier: Apache-2.0
// A way to Redis: one server, or a cluster (redis_cluster.h); who uses it does not know which. A command is a
// list of byte strings, a reply is a small tree. Once it is not usable it is broken for good: make a new one.
// Not thread-safe: one owner.
#pragma once

#include <initializer_list>
#include <memory>

#include "policy/bus/redis_endpoint.h"
#include "policy/bus/redis_transport.h"

namespace weir::policy {

class RedisConnection {
 public:
  /// Connects and authenticates. Where nodes are named it asks the first that answers whether it is of a
  /// cluster. kUnavailable: no server, or it refused the user.
  [[nodiscard]] static Result<RedisConnection> connect(const RedisEndpoint& endpoint);

  /// One command and its reply. All its keys are in one slot, and the first is where `key_of` looks
  /// (cluster_slots.h). A reply that is an error of Redis is an Error (kInvalid) with Redis's words; a lost
  /// connection, a timeout, or a cluster that has nobody for the key is kUnavailable.
  [[nodiscard]] Result<RedisReply> command(std::span<const std::string_view> arguments);
  [[nodiscard]] Result<RedisReply> command(std::initializer_list<std::string_view> arguments);

  /// Pipelining: `append` queues a command in memory, `receive` sends what is queued and takes the reply to
  /// the next of them, in the order in which they were appended.
  [[nodiscard]] Result<void> append(std::span<const std::string_view> arguments);
  [[nodiscard]] Result<RedisReply> receive();  // kError replies are returned, not turned into an Error

  /// XREAD or XREADGROUP over streams that may be of different nodes: an answer for each. An Error where
  /// Redis refuses one, or where none could be asked.
  [[nodiscard]] Result<std::vector<StreamAnswer>> read(const StreamsRead& wanted);

  /// For commands that wait on the server: replies may take this much longer than the endpoint's timeout.
  [[nodiscard]] Result<void> wait_longer(std::chrono::milliseconds extra);
  /// False: of no use any more. A cluster whose other nodes answer stays usable after an Error.
  [[nodiscard]] bool usable() const;

 private:
  explicit RedisConnection(std::unique_ptr<RedisTransport> transport) : transport_(std::move(transport)) {}

  std::unique_ptr<RedisTransport> transport_;
};

}  // namespace weir::policy
