// SPDX-License-Identifier: Apache-2.0
// A Redis Cluster as one transport: each command goes to the master that has its key's slot, redirections are
// followed, a node that does not answer is left alone for a while and its place is asked of the others. A
// command that was sent and not answered fails and is not sent again: whoever gave it knows whether it may
// be. Reads of several streams are polled, since one command cannot wait on two slots.
//
// Does not speak to replicas, does not split a command with keys in several slots. Not thread-safe: one
// owner.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/bus/cluster_slots.h"
#include "policy/bus/server_connection.h"

namespace weir::policy {

inline constexpr unsigned kRedirectsMax = 8;                     // that one command follows
inline constexpr std::chrono::milliseconds kLaterWaitFirst{5};   // TRYAGAIN and its like; doubles
inline constexpr std::chrono::milliseconds kRefreshEvery{100};   // at most, the map of slots
inline constexpr std::chrono::milliseconds kNodeAwayFirst{100};  // a node that failed is left alone; doubles
inline constexpr std::chrono::milliseconds kNodeAwayMax{5'000};  // and at most so long
inline constexpr std::chrono::milliseconds kPollWaitFirst{1};    // between two looks at several streams
inline constexpr std::chrono::milliseconds kPollWaitMax{20};     // doubles to it while nothing comes

/// The first of `endpoint.nodes` that answers: the cluster that it is of, or it alone when it is of none.
[[nodiscard]] Result<std::unique_ptr<RedisTransport>> connect_to_nodes(const RedisEndpoint& endpoint);

class RedisCluster final : public RedisTransport {
 public:
  RedisCluster(RedisEndpoint endpoint, SlotMap slots)
      : endpoint_(std::move(endpoint)), slots_(std::move(slots)) {}

  [[nodiscard]] Result<void> append(std::span<const std::string_view> arguments) override;
  [[nodiscard]] Result<RedisReply> receive() override;
  [[nodiscard]] Result<std::vector<StreamAnswer>> read(const StreamsRead& wanted) override;
  [[nodiscard]] Result<void> wait_longer(std::chrono::milliseconds extra) override;
  /// False: no node that is known answered when the map of slots was wanted last.
  [[nodiscard]] bool usable() const override { return reachable_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Command {
    std::vector<std::string> words;
    std::optional<std::uint16_t> slot;        // none: any node
    std::optional<SocketAddress> redirected;  // who said to have it, in place of the map's master
    bool asking = false;
    std::shared_ptr<ServerConnection> sent_on{};  // waits for its reply there
    SocketAddress asked{};                        // of sent_on
    std::optional<Result<RedisReply>> answer{};
  };
  struct Node {
    std::shared_ptr<ServerConnection> connection;
    Clock::time_point away_until{};
    std::chrono::milliseconds away = kNodeAwayFirst;
  };
  enum class Again : std::uint8_t { kNo, kNow, kLater };

  /// Until each command is answered: redirections are followed, "later" is tried again within `patience`.
  void settle(std::chrono::milliseconds patience);
  void send_round();
  [[nodiscard]] Again take_round();
  [[nodiscard]] Again take(Command& command);
  [[nodiscard]] Result<SocketAddress> place_of(const Command& command) const;
  [[nodiscard]] Result<std::shared_ptr<ServerConnection>> connection_to(const SocketAddress& address);
  void leave_alone(const SocketAddress& address);
  void refresh();
  [[nodiscard]] std::vector<SocketAddress> who_may_know() const;
  [[nodiscard]] Result<std::vector<StreamAnswer>> read_once(const StreamsRead& wanted, bool block);

  const RedisEndpoint endpoint_;
  SlotMap slots_;
  std::map<SocketAddress, Node> nodes_;
  std::deque<Command> commands_;  // in the order of `append`; those in front may be answered
  std::chrono::milliseconds extra_{0};
  std::chrono::milliseconds poll_wait_ = kPollWaitFirst;
  Clock::time_point refreshed_{};
  std::size_t refreshes_ = 0;  // so that another node is asked first each time
  bool stale_ = false;         // the map of slots is in doubt
  bool reachable_ = true;
};

}  // namespace weir::policy
