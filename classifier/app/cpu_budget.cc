// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/cpu_budget.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace weir::classifier {
namespace {

constexpr int kTicksOfBudget = 3;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint32_t kSlower = 20;
#else
constexpr std::uint32_t kSlower = 1;
#endif

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);  // a handler reads it

}  // namespace

std::atomic<std::uint64_t> CpuBudget::request_{0};

void CpuBudget::on_tick(int) noexcept {
  static std::uint64_t seen = 0;
  static int ticks = 0;
  const std::uint64_t now = request_.load(kOrder);
  ticks = now == seen && now % 2 == 1 ? ticks + 1 : 1;
  seen = now;
  if (now % 2 == 0 || ticks < kTicksOfBudget) return;
  constexpr std::string_view kWords =
      "weir-classifier: one request took more processor time than it may: ending\n";
  static_cast<void>(!write(STDERR_FILENO, kWords.data(), kWords.size()));
  std::abort();
}

Result<void> CpuBudget::start(std::uint32_t budget_ms) {
  struct sigaction action {};
  action.sa_handler = on_tick;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGXCPU, &action, nullptr) != 0) return failure(ErrorCode::kSystem, "cannot handle SIGXCPU");
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGXCPU;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  timer_t timer{};
  const std::uint64_t tick_ns = std::uint64_t{budget_ms} * kSlower * 1'000'000U / (kTicksOfBudget - 1);
  const timespec tick{static_cast<time_t>(tick_ns / 1'000'000'000U),
                      static_cast<long>(tick_ns % 1'000'000'000U)};
  const itimerspec every{tick, tick};
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0 ||
      timer_settime(timer, 0, &every, nullptr) != 0) {
    return failure(ErrorCode::kSystem,
                   std::string("cannot watch the processor time: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace weir::classifier
