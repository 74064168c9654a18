// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/line_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace weir::dataplane {

Result<std::unique_ptr<LineServer>> LineServer::listen(const std::string& path, Handler handler) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return failure(ErrorCode::kInvalid, "the path of the control socket is too long: " + path,
                   "choose a shorter run directory");
  }
  path.copy(address.sun_path, path.size());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  static_cast<void>(::unlink(path.c_str()));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (listener < 0 || ::bind(listener, generic, sizeof(address)) != 0 || ::chmod(path.c_str(), 0660) != 0 ||
      ::listen(listener, static_cast<int>(kControlClientsMax)) != 0) {
    const int error = errno;
    if (listener >= 0) ::close(listener);
    return failure(ErrorCode::kSystem, "cannot listen on " + path + ": " + std::strerror(error),
                   "check that the run directory exists and may be written");
  }
  return std::unique_ptr<LineServer>(new LineServer(listener, path, std::move(handler)));
}

LineServer::~LineServer() {
  for (const Client& client : clients_) ::close(client.fd);
  ::close(listener_);
  static_cast<void>(::unlink(path_.c_str()));
}

void LineServer::add_to(std::vector<pollfd>& set) const {
  set.push_back({listener_, POLLIN, 0});
  for (const Client& client : clients_) {
    set.push_back({client.fd, static_cast<short>(client.out.empty() ? POLLIN : POLLOUT), 0});
  }
}

void LineServer::serve(const std::vector<pollfd>& set, std::size_t first) {
  const std::size_t known = clients_.size();
  for (std::size_t i = 0; i < known; ++i) {
    const short events = set[first + 1 + i].revents;
    if ((events & POLLOUT) != 0) write_to(clients_[i]);
    if ((events & POLLIN) != 0) read_from(clients_[i]);
    if ((events & (POLLERR | POLLHUP)) != 0 && (events & POLLIN) == 0) clients_[i].gone = true;
  }
  if ((set[first].revents & POLLIN) != 0) accept_client();
  std::erase_if(clients_, [](const Client& client) {
    if (client.gone) ::close(client.fd);
    return client.gone;
  });
}

void LineServer::accept_client() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  if (clients_.size() >= kControlClientsMax) {
    static constexpr std::string_view kBusy = "{\"ok\":false,\"error\":\"too many control clients\"}\n";
    static_cast<void>(::send(fd, kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
    ::close(fd);
    return;
  }
  ucred peer{};
  socklen_t peer_bytes = sizeof(peer);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_bytes) != 0) {
    ::close(fd);
    return;
  }
  clients_.push_back({.fd = fd, .uid = peer.uid, .in = {}, .out = {}});
}

void LineServer::read_from(Client& client) {
  std::array<char, 4'096> buffer{};
  const ssize_t got = ::recv(client.fd, buffer.data(), buffer.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) client.gone = true;
  if (got <= 0) return;
  client.in.append(buffer.data(), static_cast<std::size_t>(got));
  asking_uid_ = client.uid;
  std::size_t end = 0;
  while ((end = client.in.find('\n')) != std::string::npos) {
    if (client.out.size() < kAnswerBytesMax)
      client.out += handler_(std::string_view(client.in).substr(0, end)) + "\n";
    client.in.erase(0, end + 1);
  }
  if (client.in.size() > kRequestBytesMax) client.gone = true;
  write_to(client);
}

void LineServer::write_to(Client& client) {
  while (!client.out.empty() && !client.gone) {
    const ssize_t put = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (put <= 0) {
      client.gone = true;
      return;
    }
    client.out.erase(0, static_cast<std::size_t>(put));
  }
}

}  // namespace weir::dataplane
