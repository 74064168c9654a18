// SPDX-License-Identifier: Apache-2.0
#include "dataplane/app/lockstep.h"

#include <poll.h>
#include <rte_pause.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "dataplane/app/replay.h"

namespace weir::dataplane {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kSpins = 2'000;  // looks before the first sleep: most answers come within microseconds
constexpr int kNapMs = 50;

}  // namespace

Result<std::unique_ptr<Lockstep>> Lockstep::accept(const std::string& run_directory,
                                                   const channel::ChannelShape& shape) {
  const std::string path = run_directory + "/channel-0.sock";
  const auto listener = channel::listen_for_classifier(path);
  if (!listener) return tl::unexpected(listener.error());
  pollfd wait{*listener, POLLIN, 0};
  const int ready = ::poll(&wait, 1, kReplayPatienceS * 1'000);
  const int connection = ready == 1 ? ::accept4(*listener, nullptr, nullptr, SOCK_CLOEXEC) : -1;
  ::close(*listener);
  static_cast<void>(::unlink(path.c_str()));
  if (connection < 0) {
    return failure(ErrorCode::kUnavailable,
                   "no classifier came to " + path + " within " + std::to_string(kReplayPatienceS) + " s");
  }
  auto channel = channel::DataplaneEnd::create(shape);
  if (!channel) {
    ::close(connection);
    return tl::unexpected(channel.error());
  }
  std::unique_ptr<Lockstep> lockstep(new Lockstep(connection, std::move(*channel)));
  if (auto sent = channel::send_channel(connection, lockstep->channel_->fds()); !sent) {
    return tl::unexpected(sent.error());
  }
  return lockstep;
}

Lockstep::~Lockstep() { ::close(connection_); }

bool Lockstep::hung_up() const {
  char ignored = 0;
  const ssize_t got = ::recv(connection_, &ignored, 1, MSG_DONTWAIT | MSG_PEEK);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

Result<void> Lockstep::settle(Pipeline& pipeline) {
  const auto deadline = Clock::now() + std::chrono::seconds(kReplayPatienceS);
  channel_->publish();
  for (int spins = 0;; ++spins) {
    // In this order: what was consumed before an answer was looked for has been answered.
    const bool consumed = channel_->all_consumed();
    const std::uint32_t applied = pipeline.apply_answers();
    if (consumed && applied == 0 && channel_->ok()) return {};
    if (applied > 0) continue;
    if (spins < kSpins) {
      rte_pause();
      continue;
    }
    if (!channel_->ok()) return failure(ErrorCode::kCorrupt, "the classifier damaged the channel");
    if (hung_up()) return failure(ErrorCode::kUnavailable, "the classifier hung up");
    if (Clock::now() > deadline) {
      return failure(ErrorCode::kUnavailable,
                     "the classifier did not answer within " + std::to_string(kReplayPatienceS) + " s");
    }
    channel_->wait(kNapMs);
  }
}

}  // namespace weir::dataplane
