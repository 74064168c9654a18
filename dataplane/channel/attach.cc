// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "dataplane/channel/channel.h"
#include "dataplane/channel/memory.h"

namespace weir::channel {
namespace {

constexpr std::size_t kDescriptors = 3;
constexpr int kBacklog = 4;
/// How long a classifier waits for its channel once the data plane's socket took the connection.
constexpr timeval kHandshakeTimeout{5, 0};

tl::unexpected<Error> system_failure(ErrorCode code, const std::string& what) {
  return failure(code, what + ": " + std::strerror(errno));
}

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return failure(ErrorCode::kInvalid, "the socket path \"" + path + "\" is empty or too long",
                   "at most 107 bytes: choose a shorter run directory");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// A socket file left behind by a process that is gone; nothing else is ever removed.
void remove_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
}

/// Takes the descriptors out of a received message; those beyond `kDescriptors` are closed.
std::size_t take_descriptors(msghdr& message, std::array<int, kDescriptors>& taken) {
  std::size_t count = 0;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t here = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < here; ++i, ++count) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      if (count < kDescriptors) {
        taken[count] = fd;
      } else {
        ::close(fd);
      }
    }
  }
  return count;
}

}  // namespace

Result<int> listen_for_classifier(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected<Error>(address.error());
  Fd listener{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (listener.get() < 0) return system_failure(ErrorCode::kSystem, "cannot make a socket");
  remove_stale(path);
  // Before bind, so that the file never has more rights than these; after it for kernels that ignore the
  // first.
  static_cast<void>(::fchmod(listener.get(), 0660));
  if (::bind(listener.get(), generic(*address), sizeof(*address)) != 0 || ::chmod(path.c_str(), 0660) != 0 ||
      ::listen(listener.get(), kBacklog) != 0) {
    return system_failure(ErrorCode::kSystem, "cannot listen on " + path);
  }
  return listener.release();
}

Result<void> send_channel(int connection, const ChannelFds& fds) {
  const std::array<int, kDescriptors> descriptors{fds.memory, fds.request_event, fds.answer_event};
  std::uint8_t version = kVersion;
  iovec data{&version, sizeof(version)};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(descriptors))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(descriptors));
  std::memcpy(CMSG_DATA(part), descriptors.data(), sizeof(descriptors));
  if (::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) != 1) {
    return system_failure(ErrorCode::kUnavailable, "cannot hand the channel to the classifier");
  }
  return {};
}

Result<Attachment> connect_to_dataplane(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected<Error>(address.error());
  Fd connection{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (connection.get() < 0) return system_failure(ErrorCode::kSystem, "cannot make a socket");
  if (::connect(connection.get(), generic(*address), sizeof(*address)) != 0) {
    return system_failure(ErrorCode::kUnavailable, "cannot reach the data plane at " + path);
  }
  ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &kHandshakeTimeout, sizeof(kHandshakeTimeout));
  std::uint8_t version = 0;
  iovec data{&version, sizeof(version)};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(kDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t received = ::recvmsg(connection.get(), &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return system_failure(ErrorCode::kUnavailable, "the data plane sent no channel");
  if (received == 0)
    return failure(ErrorCode::kUnavailable, "the data plane refused: it has a classifier already");
  std::array<int, kDescriptors> taken{-1, -1, -1};
  const std::size_t count = take_descriptors(message, taken);
  Attachment attachment{-1, {taken[0], taken[1], taken[2]}};
  if (count != kDescriptors || version != kVersion || (message.msg_flags & MSG_CTRUNC) != 0) {
    for (const int fd : taken) {
      if (fd >= 0) ::close(fd);
    }
    return failure(ErrorCode::kCorrupt, "the data plane's handshake is of another version",
                   "install data plane and classifier of the same release");
  }
  attachment.connection = connection.release();
  return attachment;
}

}  // namespace weir::channel
