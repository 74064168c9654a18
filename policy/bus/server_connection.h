// SPDX-License-Identifier: Apache-2.0
// One authenticated connection to one server, over a Unix socket or TCP; hiredis stays behind this header.
// After the first transport error it is broken for good. Not thread-safe: one owner.
#pragma once

#include <memory>

#include "policy/bus/redis_endpoint.h"
#include "policy/bus/redis_transport.h"

struct redisContext;

namespace weir::policy {

inline constexpr std::size_t kPasswordBytesMax = 512;

class ServerConnection final : public RedisTransport {
 public:
  /// kUnavailable: no server, or it refused the user. The first call of a process makes it ignore SIGPIPE,
  /// unless it handles that signal itself.
  [[nodiscard]] static Result<std::unique_ptr<ServerConnection>> connect(const RedisEndpoint& endpoint);
  /// To this node: over its socket in `endpoint.node_sockets`, else TCP.
  [[nodiscard]] static Result<std::unique_ptr<ServerConnection>> connect(const RedisEndpoint& endpoint,
                                                                         const SocketAddress& node);

  [[nodiscard]] Result<void> append(std::span<const std::string_view> arguments) override;
  [[nodiscard]] Result<RedisReply> receive() override;
  [[nodiscard]] Result<std::vector<StreamAnswer>> read(const StreamsRead& wanted) override;
  [[nodiscard]] Result<void> wait_longer(std::chrono::milliseconds extra) override;
  [[nodiscard]] bool usable() const override;

  /// Sends what is queued and takes no reply.
  [[nodiscard]] Result<void> send();
  /// One command and its reply; a reply that is an error of Redis is an Error (kInvalid) with Redis's words.
  [[nodiscard]] Result<RedisReply> command(std::span<const std::string_view> arguments);

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  ServerConnection(redisContext* context, std::chrono::milliseconds timeout);
  /// Before anything else is said on it.
  [[nodiscard]] Result<void> log_in(const RedisEndpoint& endpoint, const std::string& place);
  [[nodiscard]] Error transport_error() const;

  std::unique_ptr<redisContext, Free> context_;
  std::chrono::milliseconds timeout_;
  std::optional<std::chrono::milliseconds> extra_{};  // as it was last set
};

}  // namespace weir::policy
