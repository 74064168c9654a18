// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/control_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::classifier {

Result<ControlServer> ControlServer::listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return failure(ErrorCode::kInvalid, "the socket path " + path + " is too long",
                   "use a shorter run directory");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failure(ErrorCode::kSystem, std::string{"socket: "} + std::strerror(errno));
  ControlServer server{fd};
  unlink(path.c_str());
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (bind(fd, generic, sizeof(address)) != 0 || chmod(path.c_str(), 0660) != 0 ||
      ::listen(fd, static_cast<int>(kControlClientsMax)) != 0) {
    return failure(ErrorCode::kSystem, "cannot listen on " + path + ": " + std::strerror(errno));
  }
  return server;
}

ControlServer::ControlServer(ControlServer&& other) noexcept
    : listener_(std::exchange(other.listener_, -1)),
      next_id_(other.next_id_),
      clients_(std::move(other.clients_)) {}

ControlServer::~ControlServer() {
  for (const auto& [id, client] : clients_) close(client.fd);
  if (listener_ >= 0) close(listener_);
}

void ControlServer::poll(const Handler& handler) {
  accept_all();
  for (auto at = clients_.begin(); at != clients_.end();) {
    const auto id = at->first;
    Client& client = at->second;
    const bool open = read_from(client);
    for (std::size_t end = client.in.find('\n'); end != std::string::npos; end = client.in.find('\n')) {
      const std::string line = client.in.substr(0, end);
      client.in.erase(0, end + 1);
      handler(ClientId{id}, line);
    }
    if (!write_to(client) || !open || client.in.size() > kControlLineBytesMax) {
      close(client.fd);
      at = clients_.erase(at);
    } else {
      ++at;
    }
  }
}

void ControlServer::reply(ClientId client, std::string_view line) {
  const auto found = clients_.find(static_cast<std::uint64_t>(client));
  if (found == clients_.end()) return;
  found->second.out.append(line);
  found->second.out.push_back('\n');
}

void ControlServer::accept_all() {
  while (clients_.size() < kControlClientsMax) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    clients_[next_id_++] = {.fd = fd, .in = {}, .out = {}};
  }
}

/// False when the client hung up.
bool ControlServer::read_from(Client& client) {
  std::array<char, 4'096> buffer{};
  while (client.in.size() <= kControlLineBytesMax) {
    const ssize_t count = recv(client.fd, buffer.data(), buffer.size(), 0);
    if (count > 0) {
      client.in.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN;
    }
  }
  return true;
}

bool ControlServer::write_to(Client& client) {
  while (!client.out.empty()) {
    const ssize_t count = send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (count > 0) {
      client.out.erase(0, static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return errno == EAGAIN && client.out.size() <= 16 * kControlLineBytesMax;
    }
  }
  return true;
}

}  // namespace weir::classifier
