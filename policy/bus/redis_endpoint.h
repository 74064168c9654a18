// SPDX-License-Identifier: Apache-2.0
// Where Redis is, and as whom to speak to it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "policy/model/settings.h"
#include "policy/model/socket_address.h"

namespace weir::policy {

struct RedisEndpoint {
  std::string socket;                        // a server on this machine; not looked at where there are nodes
  std::vector<SocketAddress> nodes{};        // some servers of a cluster, or one server elsewhere
  std::string node_sockets{};                // directory of Unix sockets that lead to nodes; empty: TCP
  std::string user;                          // ACL user; used only with a password file
  std::string password_file;                 // first line is the password; empty: no authentication
  std::chrono::milliseconds timeout{2'000};  // for connecting and for each reply
};

enum class RedisUser : std::uint8_t { kClassifier, kEngine, kReader, kExport };

[[nodiscard]] RedisEndpoint endpoint_of(const RedisSettings& settings, RedisUser user);
/// For people: the socket's path, or the nodes.
[[nodiscard]] std::string to_string(const RedisEndpoint& endpoint);

}  // namespace weir::policy
