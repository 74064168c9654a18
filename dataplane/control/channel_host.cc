// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/channel_host.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "dataplane/control/clocks.h"

namespace weir::dataplane {

Result<std::unique_ptr<ChannelHost>> ChannelHost::listen(const std::string& path,
                                                         const channel::ChannelShape& shape, Worker& worker) {
  auto listener = channel::listen_for_classifier(path);
  if (!listener) return tl::unexpected(listener.error());
  return std::unique_ptr<ChannelHost>(new ChannelHost(*listener, path, shape, worker));
}

ChannelHost::~ChannelHost() {
  if (connection_ >= 0) ::close(connection_);
  ::close(listener_);
  static_cast<void>(::unlink(path_.c_str()));
}

void ChannelHost::add_to(std::vector<pollfd>& set) const {
  set.push_back({monotonic_now() < next_attach_ ? -1 : listener_, POLLIN, 0});
  set.push_back({connection_, POLLIN, 0});  // a negative descriptor is ignored
}

void ChannelHost::serve(const std::vector<pollfd>& set, std::size_t first) {
  if (connection_ >= 0 && set[first + 1].fd == connection_ && set[first + 1].revents != 0) {
    std::array<char, 64> ignored{};
    const ssize_t got = ::recv(connection_, ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) drop_classifier("hung-up");
  }
  if ((set[first].revents & POLLIN) != 0) accept_classifier();
  tidy();
}

void ChannelHost::tidy() {
  if (channel_ != nullptr && worker_.channel_refused() == channel_.get()) drop_classifier("channel-corrupt");
  // A turn that began before the channel was taken back may still end with it in use; the next one cannot.
  std::erase_if(retired_, [this](const Retired& retired) { return worker_.turns() > retired.turn + 1; });
}

void ChannelHost::accept_classifier() {
  const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) return;
  next_attach_ = monotonic_now() + kAttachEvery;
  // The newest wins: a classifier that was restarted must not wait until its predecessor is noticed to be
  // gone.
  if (channel_ != nullptr) drop_classifier("replaced");
  auto made = channel::DataplaneEnd::create(shape_);
  if (!made) {
    spdlog::error("channel-failed worker={} error=\"{}\"", shape_.worker, to_text(made.error()));
    ::close(connection);
    return;
  }
  if (auto sent = channel::send_channel(connection, (*made)->fds()); !sent) {
    spdlog::warn("channel-failed worker={} error=\"{}\"", shape_.worker, to_text(sent.error()));
    ::close(connection);
    return;
  }
  channel_ = std::move(*made);
  connection_ = connection;
  worker_.offer_channel(channel_.get());
  spdlog::info("classifier-attached worker={}", shape_.worker);
}

void ChannelHost::drop_classifier(const char* why) {
  worker_.offer_channel(nullptr);
  retired_.push_back({std::move(channel_), worker_.turns()});
  ::close(connection_);
  connection_ = -1;
  spdlog::warn("classifier-gone worker={} why={}", shape_.worker, why);
}

}  // namespace weir::dataplane
