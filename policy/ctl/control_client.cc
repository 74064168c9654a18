// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/control_client.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace weir::ctl {
namespace {

using Clock = std::chrono::steady_clock;

struct Descriptor {
  int value = -1;
  explicit Descriptor(int given) : value(given) {}
  ~Descriptor() {
    if (value >= 0) close(value);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

tl::unexpected<Error> silent(const std::string& path, std::string_view why) {
  return failure(ErrorCode::kUnavailable, fmt::format("{} does not answer: {}", path, why));
}

bool ready(int descriptor, short what, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd one{descriptor, what, 0};
  return poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
}

Result<std::string> exchange(int descriptor, const std::string& path, std::string_view line,
                             Clock::time_point deadline) {
  while (!line.empty()) {
    if (!ready(descriptor, POLLOUT, deadline)) return silent(path, "no time left");
    const ssize_t sent = send(descriptor, line.data(), line.size(), MSG_NOSIGNAL);
    if (sent < 0) return silent(path, std::strerror(errno));
    line.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string reply;
  std::array<char, 65'536> part{};
  while (reply.find('\n') == std::string::npos) {
    if (!ready(descriptor, POLLIN, deadline)) return silent(path, "no time left");
    const ssize_t got = recv(descriptor, part.data(), part.size(), 0);
    if (got < 0) return silent(path, std::strerror(errno));
    if (got == 0) break;
    reply.append(part.data(), static_cast<std::size_t>(got));
    if (reply.size() > kReplyBytesMax) return silent(path, "its answer is too long");
  }
  if (reply.empty()) return silent(path, "it closed the connection");
  return reply;
}

}  // namespace

Result<Json> ask(const std::string& socket_path, const Json& request, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path)) return silent(socket_path, "its path is too long");
  std::ranges::copy(socket_path, address.sun_path);
  const Descriptor descriptor{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (descriptor.value < 0 ||
      connect(descriptor.value, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return silent(socket_path, std::strerror(errno));
  }
  const auto reply = exchange(descriptor.value, socket_path, request.dump() + "\n", Clock::now() + timeout);
  if (!reply) return tl::unexpected(reply.error());
  Json parsed = Json::parse(*reply, nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object()) {
    return failure(ErrorCode::kCorrupt,
                   fmt::format("{} answered something that is no JSON object", socket_path));
  }
  return parsed;
}

}  // namespace weir::ctl
