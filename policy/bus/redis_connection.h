// SPDX-License-Identifier: Apache-2.0
// One connection to Redis over a Unix socket. A command is a list of byte strings, a reply is a small tree;
// hiredis stays behind this header. After the first transport error the connection is broken for good: make a
// new one. Not thread-safe: one owner.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/error.h"

struct redisContext;

namespace weir::policy {

struct RedisEndpoint {
  std::string socket;
  std::string user;                          // ACL user; used only with a password file
  std::string password_file;                 // first line is the password; empty: no authentication
  std::chrono::milliseconds timeout{2'000};  // for connecting and for each reply
};

struct RedisReply {
  enum class Kind : std::uint8_t { kNil, kText, kInteger, kList, kError };
  Kind kind = Kind::kNil;
  std::string text;  // kText (bytes, may hold anything), kError
  std::int64_t integer = 0;
  std::vector<RedisReply> items;
};

inline constexpr std::size_t kPasswordBytesMax = 512;

class RedisConnection {
 public:
  /// Connects and authenticates. kUnavailable: no server, or it refused the user. The first call of a process
  /// makes it ignore SIGPIPE, unless it handles that signal itself.
  [[nodiscard]] static Result<RedisConnection> connect(const RedisEndpoint& endpoint);

  /// One command and its reply. A reply that is an error of Redis is an Error (kInvalid) with Redis's words;
  /// a lost connection or a timeout is kUnavailable.
  [[nodiscard]] Result<RedisReply> command(std::span<const std::string_view> arguments);
  [[nodiscard]] Result<RedisReply> command(std::initializer_list<std::string_view> arguments);

  /// Pipelining: `append` queues a command in memory, `receive` sends what is queued and takes the next
  /// reply.
  [[nodiscard]] Result<void> append(std::span<const std::string_view> arguments);
  [[nodiscard]] Result<RedisReply> receive();  // kError replies are returned, not turned into an Error

  /// For commands that wait on the server: replies may take this much longer than the endpoint's timeout.
  [[nodiscard]] Result<void> wait_longer(std::chrono::milliseconds extra);
  [[nodiscard]] bool usable() const;
  /// The socket, for poll(2); -1 when broken.
  [[nodiscard]] int descriptor() const;

 private:
  struct Free {
    void operator()(redisContext* context) const;
  };
  RedisConnection(redisContext* context, std::chrono::milliseconds timeout);
  [[nodiscard]] Error transport_error() const;

  std::unique_ptr<redisContext, Free> context_;
  std::chrono::milliseconds timeout_;
};

}  // namespace weir::policy
