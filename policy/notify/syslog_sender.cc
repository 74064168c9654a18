// SPDX-License-Identifier: Apache-2.0
// UDP: RFC 5426, TCP: RFC 6587 with octet counts; a local socket takes datagrams. Over UDP nobody says that
// it came.
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "policy/notify/sender.h"

namespace weir::notify {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kStopLook{100};  // how often `stop` is asked while a peer is waited for

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  ~Socket() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Bounds {
  Clock::time_point until;
  const Stop& stop;
};

/// False: not in time, or stopped; errno says which.
bool await(int descriptor, short events, const Bounds& bounds) {
  while (!bounds.stop()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(bounds.until - Clock::now());
    if (left.count() <= 0) {
      errno = ETIMEDOUT;
      return false;
    }
    pollfd one{descriptor, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min(left, kStopLook).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
  errno = ECANCELED;
  return false;
}

Sending later(std::string_view what) {
  return {Outcome::kLater, fmt::format("cannot {}: {}", what, std::strerror(errno))};
}

Socket connect_to(const sockaddr* address, socklen_t length, int family, int type, const Bounds& bounds) {
  Socket socket{::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.get() < 0) return socket;
  if (connect(socket.get(), address, length) == 0) return socket;
  if (errno != EINPROGRESS || !await(socket.get(), POLLOUT, bounds)) return Socket{-1};
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) return socket;
  errno = error;
  return Socket{-1};
}

Socket connect_local(const std::string& path, const Bounds& bounds) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return connect_to(static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address, AF_UNIX,
                    SOCK_DGRAM, bounds);
}

/// The first address of the host that lets itself be connected to.
Socket connect_remote(const SyslogAddress& to, const Bounds& bounds) {
  addrinfo hints{};
  hints.ai_socktype = to.way == SyslogAddress::Way::kUdp ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found) != 0) {
    errno = EHOSTUNREACH;
    return Socket{-1};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Socket socket = connect_to(one->ai_addr, one->ai_addrlen, one->ai_family, one->ai_socktype, bounds);
    if (socket.get() >= 0) return socket;
  }
  return Socket{-1};
}

bool send_all(int descriptor, std::string_view bytes, const Bounds& bounds) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      if (!await(descriptor, POLLOUT, bounds)) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// Until the server, too, has ended the connection: by then it has read all of it.
bool settle(int descriptor, const Bounds& bounds) {
  if (shutdown(descriptor, SHUT_WR) != 0) return false;
  char byte = 0;
  while (await(descriptor, POLLIN, bounds)) {
    const ssize_t got = recv(descriptor, &byte, 1, 0);
    if (got == 0) return true;
    if (got < 0 && errno != EAGAIN && errno != EINTR) return false;
  }
  return false;
}

}  // namespace

Sending send_syslog(const NotificationReceiver& receiver, const Message& message, const Stop& stop) {
  SyslogAddress to;
  if (receiver.to.empty() || !parse_syslog_address(receiver.to.front(), to))
    return {Outcome::kRefused, "the receiver has no address"};
  const Bounds bounds{Clock::now() + std::chrono::nanoseconds{receiver.timeout}, stop};
  const bool local = to.way == SyslogAddress::Way::kLocal;
  const Socket socket = local ? connect_local(to.path, bounds) : connect_remote(to, bounds);
  if (socket.get() < 0) return later("connect");
  std::string_view rest = message.body;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    const bool framed = to.way == SyslogAddress::Way::kTcp;
    const std::string bytes = framed ? fmt::format("{} {}", line.size(), line) : std::string(line);
    if (!send_all(socket.get(), bytes, bounds)) return later("send");
  }
  if (to.way == SyslogAddress::Way::kTcp && !settle(socket.get(), bounds)) return later("end the connection");
  return {};
}

Sending send(const NotificationReceiver& receiver, const Message& message, TimeNs now, const Stop& stop) {
  switch (receiver.kind) {
    case ReceiverKind::kMail:
      return send_mail(receiver, message, stop);
    case ReceiverKind::kWebhook:
      return send_webhook(receiver, message, now, stop);
    case ReceiverKind::kSyslog:
      break;
  }
  return send_syslog(receiver, message, stop);
}

}  // namespace weir::notify
