// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/redis_connection.h"

#include "policy/bus/redis_cluster.h"
#include "policy/bus/server_connection.h"

namespace weir::policy {

Result<RedisConnection> RedisConnection::connect(const RedisEndpoint& endpoint) {
  if (endpoint.nodes.empty()) {
    auto server = ServerConnection::connect(endpoint);
    if (!server) return tl::unexpected(server.error());
    return RedisConnection{std::move(*server)};
  }
  auto transport = connect_to_nodes(endpoint);
  if (!transport) return tl::unexpected(transport.error());
  return RedisConnection{std::move(*transport)};
}

Result<RedisReply> RedisConnection::command(std::span<const std::string_view> arguments) {
  if (auto queued = append(arguments); !queued) return tl::unexpected(queued.error());
  auto reply = receive();
  if (reply && reply->kind == RedisReply::Kind::kError) return failure(ErrorCode::kInvalid, reply->text);
  return reply;
}

Result<RedisReply> RedisConnection::command(std::initializer_list<std::string_view> arguments) {
  return command(std::span<const std::string_view>{arguments.begin(), arguments.size()});
}

Result<void> RedisConnection::append(std::span<const std::string_view> arguments) {
  return transport_->append(arguments);
}

Result<RedisReply> RedisConnection::receive() { return transport_->receive(); }

Result<std::vector<StreamAnswer>> RedisConnection::read(const StreamsRead& wanted) {
  return transport_->read(wanted);
}

Result<void> RedisConnection::wait_longer(std::chrono::milliseconds extra) {
  return transport_->wait_longer(extra);
}

bool RedisConnection::usable() const { return transport_->usable(); }

}  // namespace weir::policy
