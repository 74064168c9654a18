// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/server_connection.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <mutex>

namespace weir::policy {
namespace {

timeval as_timeval(std::chrono::milliseconds duration) {
  timeval value{};
  value.tv_sec = duration.count() / 1'000;
  value.tv_usec = (duration.count() % 1'000) * 1'000;
  return value;
}

// hiredis itself refuses replies nested deeper than seven levels, so the recursion is bounded.
RedisReply copy_reply(const redisReply& reply) {
  RedisReply copy;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      copy.kind = RedisReply::Kind::kText;
      copy.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ERROR:
      copy.kind = RedisReply::Kind::kError;
      copy.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_INTEGER:
      copy.kind = RedisReply::Kind::kInteger;
      copy.integer = reply.integer;
      break;
    case REDIS_REPLY_ARRAY:
      copy.kind = RedisReply::Kind::kList;
      copy.items.reserve(reply.elements);
      for (std::size_t i = 0; i < reply.elements; ++i) copy.items.push_back(copy_reply(*reply.element[i]));
      break;
    default:
      break;
  }
  return copy;
}

// hiredis writes with write(2): a server that went away must be an error here, not the end of the process.
void ignore_broken_pipes() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction present {};
    if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
  });
}

Result<std::string> read_password(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return failure(ErrorCode::kUnavailable, fmt::format("cannot read the Redis password file {}", path),
                   "check redis.*_password_file and who may read it");
  }
  std::string line;
  std::getline(in, line);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
  if (line.empty() || line.size() > kPasswordBytesMax) {
    return failure(ErrorCode::kInvalid,
                   fmt::format("{} does not hold a password of 1 to {} bytes", path, kPasswordBytesMax));
  }
  return line;
}

}  // namespace

void ServerConnection::Free::operator()(redisContext* context) const { redisFree(context); }

ServerConnection::ServerConnection(redisContext* context, std::chrono::milliseconds timeout)
    : context_(context), timeout_(timeout) {}

bool ServerConnection::usable() const { return context_ && context_->err == 0; }

Error ServerConnection::transport_error() const {
  const char* words = context_ && context_->err != 0 ? context_->errstr : "no connection";
  return Error{ErrorCode::kUnavailable, fmt::format("Redis does not answer: {}", words), {}, {}};
}

Result<std::unique_ptr<ServerConnection>> ServerConnection::connect(const RedisEndpoint& endpoint) {
  ignore_broken_pipes();
  std::unique_ptr<ServerConnection> made{new ServerConnection{
      redisConnectUnixWithTimeout(endpoint.socket.c_str(), as_timeval(endpoint.timeout)), endpoint.timeout}};
  if (auto in = made->log_in(endpoint, "socket " + endpoint.socket); !in) return tl::unexpected(in.error());
  return made;
}

Result<std::unique_ptr<ServerConnection>> ServerConnection::connect(const RedisEndpoint& endpoint,
                                                                    const SocketAddress& node) {
  if (!endpoint.node_sockets.empty()) {
    RedisEndpoint local = endpoint;
    local.socket = endpoint.node_sockets + "/" + node.to_string();
    return connect(local);
  }
  ignore_broken_pipes();
  std::unique_ptr<ServerConnection> made{new ServerConnection{
      redisConnectWithTimeout(node.address.to_string().c_str(), node.port, as_timeval(endpoint.timeout)),
      endpoint.timeout}};
  if (auto in = made->log_in(endpoint, "node " + node.to_string()); !in) return tl::unexpected(in.error());
  return made;
}

Result<void> ServerConnection::log_in(const RedisEndpoint& endpoint, const std::string& place) {
  if (!usable()) {
    Error error = transport_error();
    error.what += fmt::format(" ({})", place);
    return tl::unexpected(error);
  }
  if (auto set = wait_longer(std::chrono::milliseconds{0}); !set) return set;
  if (endpoint.password_file.empty()) return {};
  const auto password = read_password(endpoint.password_file);
  if (!password) return tl::unexpected(password.error());
  const std::array<std::string_view, 3> words{"AUTH", endpoint.user, *password};
  if (auto reply = command(words); !reply) {
    return failure(ErrorCode::kUnavailable,
                   fmt::format("Redis refused user {}: {}", endpoint.user, reply.error().what),
                   "check the user in users.acl and the password file");
  }
  return {};
}

Result<void> ServerConnection::wait_longer(std::chrono::milliseconds extra) {
  if (usable() && extra_ == extra) return {};
  if (!usable() || redisSetTimeout(context_.get(), as_timeval(timeout_ + extra)) != REDIS_OK) {
    return tl::unexpected(transport_error());
  }
  extra_ = extra;
  return {};
}

Result<void> ServerConnection::append(std::span<const std::string_view> arguments) {
  if (!usable()) return tl::unexpected(transport_error());
  std::vector<const char*> pointers;
  std::vector<std::size_t> lengths;
  pointers.reserve(arguments.size());
  lengths.reserve(arguments.size());
  for (const std::string_view argument : arguments) {
    pointers.push_back(argument.empty() ? "" : argument.data());
    lengths.push_back(argument.size());
  }
  if (redisAppendCommandArgv(context_.get(), static_cast<int>(arguments.size()), pointers.data(),
                             lengths.data()) != REDIS_OK) {
    return tl::unexpected(transport_error());
  }
  return {};
}

Result<RedisReply> ServerConnection::receive() {
  void* raw = nullptr;
  if (!usable() || redisGetReply(context_.get(), &raw) != REDIS_OK || raw == nullptr) {
    return tl::unexpected(transport_error());
  }
  auto* reply = static_cast<redisReply*>(raw);
  RedisReply copy = copy_reply(*reply);
  freeReplyObject(reply);
  return copy;
}

Result<RedisReply> ServerConnection::command(std::span<const std::string_view> arguments) {
  if (auto queued = append(arguments); !queued) return tl::unexpected(queued.error());
  auto reply = receive();
  if (reply && reply->kind == RedisReply::Kind::kError) return failure(ErrorCode::kInvalid, reply->text);
  return reply;
}

Result<void> ServerConnection::send() {
  for (int done = 0; done == 0;) {
    if (!usable() || redisBufferWrite(context_.get(), &done) != REDIS_OK)
      return tl::unexpected(transport_error());
  }
  return {};
}

Result<std::vector<StreamAnswer>> ServerConnection::read(const StreamsRead& wanted) {
  if (auto set = wait_longer(wanted.block.value_or(std::chrono::milliseconds{0})); !set)
    return tl::unexpected(set.error());
  std::vector<std::string_view> words = wanted.head;
  std::string block;
  if (wanted.block) {
    block = std::to_string(std::max<std::int64_t>(wanted.block->count(), 1));  // 0 would be for ever
    words.insert(words.end(), {"BLOCK", block});
  }
  words.emplace_back("STREAMS");
  for (const auto& [stream, id] : wanted.from) words.emplace_back(stream);
  for (const auto& [stream, id] : wanted.from) words.emplace_back(id);
  const auto reply = command(words);
  if (!reply) return tl::unexpected(reply.error());

  std::vector<StreamAnswer> answers(wanted.from.size(), StreamAnswer{RedisReply{}});
  if (reply->kind == RedisReply::Kind::kNil) return answers;  // nothing new in time
  for (const RedisReply& part : reply->items) {
    const auto at = std::ranges::find_if(wanted.from, [&](const auto& one) {
      return part.items.size() == 2 && one.first == part.items[0].text;
    });
    if (at == wanted.from.end()) {
      return failure(ErrorCode::kCorrupt,
                     fmt::format("Redis answered {} in a form that is not known", wanted.head.front()));
    }
    answers[static_cast<std::size_t>(at - wanted.from.begin())] = part.items[1];
  }
  return answers;
}

}  // namespace weir::policy
