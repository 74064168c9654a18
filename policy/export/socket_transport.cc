// SPDX-License-Identifier: Apache-2.0
#include "policy/export/socket_transport.h"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace weir::output {
namespace {

using Clock = std::chrono::steady_clock;

bool is_datagram(Carrier carrier) {
  return carrier == Carrier::kUnixDatagram || carrier == Carrier::kSyslogUdp || carrier == Carrier::kIpfixUdp;
}

bool is_unix(Carrier carrier) { return carrier == Carrier::kUnixDatagram || carrier == Carrier::kUnixStream; }

/// Sending, and connecting, fail after kIoWait in which nothing moved.
void set_wait(int socket) {
  const timeval wait{kIoWait.count(), 0};
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
}

void set_for_tcp(int socket) {
  const int on = 1;
  const unsigned longest_ms = 30'000;  // unacknowledged: the receiver is gone
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &longest_ms, sizeof longest_ms);
}

}  // namespace

SocketTransport::SocketTransport(const OutputSettings& settings)
    : to_(settings.to),
      carrier_(settings.carrier),
      path_(settings.path),
      host_(settings.host),
      port_(fmt::format("{}", settings.port)),
      datagrams_(is_datagram(settings.carrier)) {}

tl::unexpected<Error> SocketTransport::failed(std::string_view what) const {
  return failure(ErrorCode::kUnavailable, fmt::format("{} {}: {}", what, to_, std::strerror(errno)));
}

Result<void> SocketTransport::open() {
  burst_ = 0;
  return is_unix(carrier_) ? open_unix() : open_internet();
}

Result<void> SocketTransport::open_unix() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path_.data(), std::min(path_.size(), sizeof(address.sun_path) - 1), address.sun_path);
  socket_ = ::socket(AF_UNIX, (datagrams_ ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return failed("no socket for");
  set_wait(socket_);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    auto error = failed("cannot connect to");
    close();
    return error;
  }
  return {};
}

Result<void> SocketTransport::open_internet() {
  addrinfo hints{};
  hints.ai_socktype = datagrams_ ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(host_.c_str(), port_.c_str(), &hints, &found); status != 0) {
    return failure(ErrorCode::kUnavailable, fmt::format("cannot find {}: {}", host_, gai_strerror(status)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all{found, &freeaddrinfo};
  auto error = failure(ErrorCode::kUnavailable, fmt::format("{} has no address", host_));
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    socket_ = ::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    if (socket_ < 0) continue;
    set_wait(socket_);
    if (!datagrams_) set_for_tcp(socket_);
    if (connect(socket_, one->ai_addr, one->ai_addrlen) == 0) return {};
    if (errno == EINPROGRESS) errno = ETIMEDOUT;  // what SO_SNDTIMEO makes of it
    error = failed("cannot connect to");
    close();
  }
  return error;
}

Result<void> SocketTransport::send(std::string_view message) {
  if (socket_ < 0) return failure(ErrorCode::kUnavailable, fmt::format("{} is not connected", to_));
  if (datagrams_ && ++burst_ >= kDatagramsAtOnce) {
    burst_ = 0;
    poll(nullptr, 0, static_cast<int>(kDatagramPause.count()));
  }
  while (!message.empty()) {
    const ssize_t sent = ::send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EMSGSIZE) {
      return failure(ErrorCode::kLimit,
                     fmt::format("a message of {} bytes is too long for {}", message.size(), to_));
    }
    if (sent < 0) return failed("cannot send to");
    message.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<void> SocketTransport::alive() const {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
    errno = error;
    return failed("lost");
  }
  pollfd state{socket_, POLLRDHUP, 0};
  if (!datagrams_ && poll(&state, 1, 0) > 0 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
    errno = ECONNRESET;
    return failed("lost");
  }
  return {};
}

Result<void> SocketTransport::deliver() {
  const auto deadline = Clock::now() + kDeliverWait;
  int pause_ms = 0;
  while (true) {
    if (auto there = alive(); !there) return there;
    int unacknowledged = 0;
    if (datagrams_ || ioctl(socket_, SIOCOUTQ, &unacknowledged) != 0 || unacknowledged == 0) return alive();
    if (Clock::now() >= deadline) {
      errno = ETIMEDOUT;
      return failed("nothing is taken by");
    }
    poll(nullptr, 0, pause_ms);  // no event says that a queue is empty
    pause_ms = std::min(pause_ms * 2 + 1, 20);
  }
}

void SocketTransport::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

}  // namespace weir::output
