// SPDX-License-Identifier: Apache-2.0
#include "policy/bus/redis_cluster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

namespace weir::policy {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, 2> kAskSlots{"CLUSTER", "SLOTS"};
constexpr std::array<std::string_view, 1> kAsking{"ASKING"};

tl::unexpected<Error> unavailable(std::string what) {
  return failure(ErrorCode::kUnavailable, std::move(what));
}

bool has_entries(const StreamAnswer& answer) { return answer && !answer->items.empty(); }

}  // namespace

Result<std::unique_ptr<RedisTransport>> connect_to_nodes(const RedisEndpoint& endpoint) {
  Error last{ErrorCode::kUnavailable, "no node of Redis is named", "name some as redis.nodes", {}};
  for (const SocketAddress& node : endpoint.nodes) {
    auto connection = ServerConnection::connect(endpoint, node);
    if (!connection) {
      last = connection.error();
      continue;
    }
    const auto reply = (*connection)->command(kAskSlots);
    if (!reply && reply.error().what.find("cluster support disabled") != std::string::npos) {
      return std::unique_ptr<RedisTransport>{std::move(*connection)};
    }
    if (!reply) {
      last = {ErrorCode::kUnavailable,
              fmt::format("node {} does not say its slots: {}", node.to_string(), reply.error().what),
              "its users need +cluster|slots",
              {}};
      continue;
    }
    auto slots = SlotMap::parse(*reply, node);
    if (slots) return std::make_unique<RedisCluster>(endpoint, std::move(*slots));
    last = slots.error();
  }
  return tl::unexpected(last);
}

Result<void> RedisCluster::append(std::span<const std::string_view> arguments) {
  Command command;
  command.words.assign(arguments.begin(), arguments.end());
  if (const auto key = key_of(arguments)) command.slot = key_slot(*key);
  commands_.push_back(std::move(command));
  return {};
}

Result<RedisReply> RedisCluster::receive() {
  if (commands_.empty()) return unavailable("no command waits for a reply");
  if (!commands_.front().answer) settle(endpoint_.timeout);
  Result<RedisReply> answer = std::move(*commands_.front().answer);
  commands_.pop_front();
  return answer;
}

Result<void> RedisCluster::wait_longer(milliseconds extra) {
  extra_ = extra;
  return {};
}

void RedisCluster::settle(milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  milliseconds wait = kLaterWaitFirst;
  for (unsigned redirects = 0;;) {
    if (stale_) refresh();
    send_round();
    const Again again = take_round();
    if (again == Again::kNo) return;
    if (again == Again::kLater) {
      if (Clock::now() + wait > deadline) break;
      std::this_thread::sleep_for(wait);
      wait *= 2;
    } else if (++redirects > kRedirectsMax) {
      break;
    }
  }
  for (Command& command : commands_) {
    if (!command.answer)
      command.answer =
          unavailable(fmt::format("the Redis Cluster has nobody who answers {} {}", command.words[0],
                                  command.words.size() > 1 ? command.words[1] : ""));
  }
}

void RedisCluster::send_round() {
  std::vector<std::pair<SocketAddress, std::shared_ptr<ServerConnection>>> used;
  for (Command& command : commands_) {
    if (command.answer) continue;
    const auto place = place_of(command);
    if (!place) continue;  // "later": perhaps the next map knows
    const auto connection = connection_to(*place);
    if (!connection) {
      stale_ = true;  // somebody may have taken its place
      command.answer = tl::unexpected(connection.error());
      continue;
    }
    std::vector<std::string_view> words(command.words.begin(), command.words.end());
    Result<void> queued;
    if (command.asking) queued = (*connection)->append(kAsking);
    if (queued) queued = (*connection)->append(words);
    command.sent_on = *connection;
    command.asked = *place;
    if (std::ranges::none_of(used, [&](const auto& one) { return one.second == *connection; })) {
      used.emplace_back(*place, *connection);
    }
  }
  // All are sent before any reply is awaited, so that the nodes work at the same time. What fails here fails
  // again where its reply is taken.
  for (const auto& [address, connection] : used) {
    if (!connection->wait_longer(extra_) || !connection->send()) leave_alone(address);
  }
}

RedisCluster::Again RedisCluster::take_round() {
  Again again = Again::kNo;
  for (Command& command : commands_) {
    if (!command.answer) again = std::max(again, take(command));
  }
  return again;
}

/// The reply to one command: its answer, or where to try again.
RedisCluster::Again RedisCluster::take(Command& command) {
  if (command.sent_on == nullptr) {
    stale_ = true;
    return Again::kLater;
  }
  const auto connection = std::exchange(command.sent_on, nullptr);
  Result<RedisReply> reply = connection->receive();
  if (reply && command.asking) reply = connection->receive();  // the first was to ASKING
  command.asking = false;
  command.redirected.reset();
  if (!reply) {
    leave_alone(command.asked);
    reply.error().what += fmt::format(" (node {})", command.asked.to_string());
    command.answer = std::move(reply);
    return Again::kNo;
  }
  nodes_[command.asked].away = kNodeAwayFirst;
  const Redirect redirect = redirect_of(*reply, command.asked);
  switch (redirect.kind) {
    case Redirect::Kind::kMoved:
      command.redirected = redirect.to;
      stale_ = true;
      return Again::kNow;
    case Redirect::Kind::kAsk:
      command.redirected = redirect.to;
      command.asking = true;
      return Again::kNow;
    case Redirect::Kind::kLater:
      stale_ = true;
      return Again::kLater;
    case Redirect::Kind::kNone:
      break;
  }
  command.answer = std::move(reply);
  return Again::kNo;
}

Result<SocketAddress> RedisCluster::place_of(const Command& command) const {
  if (command.redirected) return *command.redirected;
  if (!command.slot) return slots_.masters().front();
  if (const SocketAddress* master = slots_.master_of(*command.slot)) return *master;
  return unavailable(fmt::format("nobody has slot {}", *command.slot));
}

Result<std::shared_ptr<ServerConnection>> RedisCluster::connection_to(const SocketAddress& address) {
  Node& node = nodes_[address];
  if (node.connection && node.connection->usable()) return node.connection;
  const auto now = Clock::now();
  if (now < node.away_until) return unavailable(fmt::format("node {} does not answer", address.to_string()));
  auto connection = ServerConnection::connect(endpoint_, address);
  if (!connection) {
    leave_alone(address);
    return tl::unexpected(connection.error());
  }
  node.connection = std::move(*connection);
  return node.connection;
}

void RedisCluster::leave_alone(const SocketAddress& address) {
  stale_ = true;
  Node& node = nodes_[address];
  const auto now = Clock::now();
  if (now < node.away_until) return;  // several commands fail by one loss
  node.away_until = now + node.away;
  node.away = std::min(node.away * 2, kNodeAwayMax);
}

/// Nothing waits for a reply on any connection when this is called.
void RedisCluster::refresh() {
  const auto now = Clock::now();
  if (now - refreshed_ < kRefreshEvery) return;
  refreshed_ = now;
  ++refreshes_;
  for (const SocketAddress& address : who_may_know()) {
    const auto connection = connection_to(address);
    if (!connection) continue;
    Result<RedisReply> reply = tl::unexpected(Error{});
    if ((*connection)->wait_longer(milliseconds{0})) reply = (*connection)->command(kAskSlots);
    if (!reply) {
      leave_alone(address);
      continue;
    }
    auto slots = SlotMap::parse(*reply, address);
    if (!slots) continue;
    slots_ = std::move(*slots);
    stale_ = false;
    reachable_ = true;
    std::erase_if(nodes_, [&](const auto& node) {
      return std::ranges::find(slots_.masters(), node.first) == slots_.masters().end();
    });
    return;
  }
  reachable_ = false;
}

std::vector<SocketAddress> RedisCluster::who_may_know() const {
  std::vector<SocketAddress> all = slots_.masters();
  // Another one first each time: one that is cut off from the others keeps an old map.
  std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(refreshes_ % all.size()), all.end());
  for (const SocketAddress& seed : endpoint_.nodes) {
    if (std::ranges::find(all, seed) == all.end()) all.push_back(seed);
  }
  return all;
}

Result<std::vector<StreamAnswer>> RedisCluster::read(const StreamsRead& wanted) {
  const auto deadline = Clock::now() + wanted.block.value_or(milliseconds{0});
  const bool one = wanted.from.size() == 1 && wanted.block;
  while (true) {
    auto answers = read_once(wanted, one);
    if (!answers || std::ranges::any_of(*answers, has_entries)) {
      poll_wait_ = kPollWaitFirst;
      return answers;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (one || left.count() <= 0) return answers;
    std::this_thread::sleep_for(std::min(poll_wait_, left));
    poll_wait_ = std::min(poll_wait_ * 2, kPollWaitMax);
  }
}

Result<std::vector<StreamAnswer>> RedisCluster::read_once(const StreamsRead& wanted, bool block) {
  const std::string wait =
      std::to_string(std::max<std::int64_t>(wanted.block.value_or(milliseconds{1}).count(), 1));
  for (const auto& [stream, id] : wanted.from) {
    std::vector<std::string_view> words = wanted.head;
    if (block) words.insert(words.end(), {"BLOCK", wait});
    words.insert(words.end(), {"STREAMS", stream, id});
    if (auto queued = append(words); !queued) return tl::unexpected(queued.error());
  }
  extra_ = block ? *wanted.block : milliseconds{0};
  settle(milliseconds{0});  // a slot that nobody has must not hold up the others: the next call asks again
  extra_ = milliseconds{0};
  std::vector<StreamAnswer> answers;
  std::optional<Error> refused;
  std::optional<Error> away;
  for (std::size_t i = 0; i < wanted.from.size(); ++i) {
    auto reply = receive();
    if (!reply) {
      away = reply.error();
    } else if (reply->kind == RedisReply::Kind::kError) {
      refused = Error{ErrorCode::kInvalid, reply->text, {}, {}};
    } else if (reply->kind != RedisReply::Kind::kNil) {  // [[stream, entries]]
      if (reply->items.size() != 1 || reply->items[0].items.size() != 2) {
        commands_.clear();
        return failure(ErrorCode::kCorrupt,
                       fmt::format("Redis answered {} in a form that is not known", wanted.head.front()));
      }
      RedisReply entries = std::move(reply->items[0].items[1]);
      reply = std::move(entries);
    }
    answers.push_back(std::move(reply));
  }
  if (refused) return tl::unexpected(*refused);
  if (away && std::ranges::none_of(answers, [](const StreamAnswer& answer) { return answer.has_value(); })) {
    return tl::unexpected(*away);
  }
  return answers;
}

}  // namespace weir::policy
