// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/bell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace weir::dataplane {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t), "the kernel looks at the word");

void Bell::prepare() noexcept {
  asleep_.store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Bell::sleep(std::uint32_t ns) noexcept {
  const timespec time{0, static_cast<long>(ns)};
  static_cast<void>(::syscall(SYS_futex, &asleep_, FUTEX_WAIT_PRIVATE, 1, &time, nullptr, 0));
  cancel();
}

void Bell::ring() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_relaxed) == 0) return;
  if (asleep_.exchange(0, std::memory_order_relaxed) == 0) return;
  static_cast<void>(::syscall(SYS_futex, &asleep_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0));
}

}  // namespace weir::dataplane
