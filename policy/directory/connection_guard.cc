// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/connection_guard.h"

#include <sys/socket.h>

#include <chrono>

namespace weir::policy {

TimeNs monotonic_now() {
  return std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count();
}

ConnectionGuard::ConnectionGuard(TimeNs until) : until_(until), thread_([this] { run(); }) {}

ConnectionGuard::~ConnectionGuard() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ConnectionGuard::watch(int socket) {
  const std::lock_guard lock{mutex_};
  socket_ = socket;
  if (fired_) static_cast<void>(shutdown(socket_, SHUT_RDWR));
}

void ConnectionGuard::forget() {
  const std::lock_guard lock{mutex_};
  socket_ = -1;
}

void ConnectionGuard::give_until(TimeNs until) {
  {
    const std::lock_guard lock{mutex_};
    until_ = until;
  }
  changed_.notify_one();
}

bool ConnectionGuard::fired() const {
  const std::lock_guard lock{mutex_};
  return fired_;
}

void ConnectionGuard::run() {
  std::unique_lock lock{mutex_};
  while (!ending_ && !fired_) {
    if (const TimeNs left = until_ - monotonic_now(); left > 0) {
      changed_.wait_for(lock, std::chrono::nanoseconds{left});
      continue;
    }
    fired_ = true;
    if (socket_ >= 0) static_cast<void>(shutdown(socket_, SHUT_RDWR));
  }
}

}  // namespace weir::policy
