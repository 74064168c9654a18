// SPDX-License-Identifier: Apache-2.0
// A Redis Cluster of the test's own: masters without replicas on free loopback ports, the slots in equal
// shares. Each node also has a Unix socket with the name that `redis.node_sockets` wants. Ended with the
// object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "policy/bus/cluster_slots.h"
#include "tests/support/redis_server.h"

namespace weir::test {

class RedisClusterServers {
 public:
  explicit RedisClusterServers(std::size_t masters, const std::vector<std::string>& more = {}) {
    for (std::size_t i = 0; i < masters; ++i) {
      ports_.push_back(free_port());
      std::vector<std::string> words{"--port",
                                     std::to_string(ports_[i]),
                                     "--bind",
                                     "127.0.0.1",
                                     "--cluster-enabled",
                                     "yes",
                                     "--cluster-port",
                                     std::to_string(free_port()),
                                     "--cluster-node-timeout",
                                     "1000",
                                     "--cluster-require-full-coverage",
                                     "no"};
      words.insert(words.end(), more.begin(), more.end());
      bus_ports_.push_back(words[7]);
      servers_.push_back(std::make_unique<RedisServer>(words));
      if (!servers_[i]->up()) return;
      std::filesystem::create_symlink(servers_[i]->socket(), sockets_.file(address(i).to_string()));
    }
    join();
  }

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] RedisServer& server(std::size_t i) { return *servers_[i]; }
  [[nodiscard]] SocketAddress address(std::size_t i) const {
    return {IpAddress::parse("127.0.0.1").value(), ports_[i]};
  }
  /// Over TCP, with every node as a seed.
  [[nodiscard]] policy::RedisEndpoint endpoint() const {
    policy::RedisEndpoint endpoint;
    for (std::size_t i = 0; i < ports_.size(); ++i) endpoint.nodes.push_back(address(i));
    endpoint.timeout = std::chrono::milliseconds{500};
    return endpoint;
  }
  [[nodiscard]] std::string node_sockets() const { return sockets_.path(); }
  /// To the cluster.
  [[nodiscard]] policy::RedisConnection connect() const {
    return policy::RedisConnection::connect(endpoint()).value();
  }
  /// To one node alone.
  [[nodiscard]] policy::RedisConnection node(std::size_t i) const { return servers_[i]->connect(); }
  /// Which node had the key's slot at the start.
  [[nodiscard]] std::size_t home_of(std::string_view key) const {
    std::size_t i = 0;
    while (policy::key_slot(key) >= first_slot(i + 1)) ++i;
    return i;
  }
  [[nodiscard]] std::string id_of(std::size_t i) const {
    return node(i).command({"CLUSTER", "MYID"}).value().text;
  }
  /// Every living node sees the cluster as whole, or until 15 s are over.
  [[nodiscard]] bool settled() const {
    return eventually([this] {
      for (const auto& server : servers_) {
        auto connection = policy::RedisConnection::connect(server->endpoint());
        if (!connection) continue;
        const auto info = connection->command({"CLUSTER", "INFO"});
        if (!info || info->text.find("cluster_state:ok") == std::string::npos ||
            info->text.find("cluster_known_nodes:" + std::to_string(servers_.size()) + "\r") ==
                std::string::npos)
          return false;
      }
      return true;
    });
  }
  template <typename Condition>
  static bool eventually(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{15};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      poll(nullptr, 0, 10);
    }
    return true;
  }

 private:
  static std::uint16_t free_port() {
    const int one = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
    bind(one, generic, length);
    getsockname(one, generic, &length);
    close(one);
    return ntohs(address.sin_port);
  }
  [[nodiscard]] std::size_t first_slot(std::size_t i) const {
    return i * policy::kClusterSlots / servers_.size();
  }
  void join() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      auto one = node(i);
      const std::string epoch = std::to_string(i + 1);
      const bool done =
          one.command({"CLUSTER", "SET-CONFIG-EPOCH", epoch}) &&
          one.command({"CLUSTER", "ADDSLOTSRANGE", std::to_string(first_slot(i)),
                       std::to_string(first_slot(i + 1) - 1)}) &&
          one.command({"CLUSTER", "MEET", "127.0.0.1", std::to_string(ports_[0]), bus_ports_[0]});
      if (!done) return;
    }
    up_ = settled();
  }

  TemporaryDirectory sockets_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::string> bus_ports_;
  std::vector<std::unique_ptr<RedisServer>> servers_;
  bool up_ = false;
};

}  // namespace weir::test
