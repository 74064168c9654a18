// SPDX-License-Identifier: Apache-2.0
// Shuts a socket down when its time is over, from a thread of its own: libldap's TLS handshake knows no time
// limit that holds, and spins until the other side speaks.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "policy/model/time.h"

namespace weir::policy {

[[nodiscard]] TimeNs monotonic_now();

class ConnectionGuard {
 public:
  explicit ConnectionGuard(TimeNs until);
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;
  ~ConnectionGuard();

  void watch(int socket);
  /// Before it is closed.
  void forget();
  /// Of the monotonic clock.
  void give_until(TimeNs until);
  [[nodiscard]] bool fired() const;

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  TimeNs until_;
  int socket_ = -1;
  bool fired_ = false;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace weir::policy
