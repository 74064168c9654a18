// SPDX-License-Identifier: Apache-2.0
// Ends the process when one request takes more processor time than it may: a parser or nDPI that hangs on
// hostile bytes becomes a crash, which the data plane answers (docs/operations.md, the exception
// row classifier-fault). A timer on the thread's own processor time ticks; a request that is seen at three
// ticks in a row has had its budget. An idle thread uses no time, so nothing ticks, and a request costs two
// stores.
//
// Threads: one thread is watched, the one that called `start`.
#pragma once

#include <atomic>
#include <cstdint>

#include "policy/model/error.h"

namespace weir::classifier {

/// Processor time of one request, in milliseconds; it ends between this and one and a half times as much.
inline constexpr std::uint32_t kRequestCpuBudgetMs = 50;

class CpuBudget {
 public:
  /// Watches the calling thread from now on. Before the sandbox: it makes system calls that are given up
  /// there. Sanitizers' builds get twenty times the budget.
  [[nodiscard]] static Result<void> start(std::uint32_t budget_ms = kRequestCpuBudgetMs);

  /// Around the work on one request.
  static void begin() noexcept { request_.store(request_.load(std::memory_order_relaxed) + 1, kOrder); }
  static void end() noexcept { begin(); }

 private:
  static constexpr auto kOrder = std::memory_order_relaxed;  // read by a handler on the same thread
  static void on_tick(int) noexcept;
  static std::atomic<std::uint64_t> request_;  // odd: within a request
};

}  // namespace weir::classifier
