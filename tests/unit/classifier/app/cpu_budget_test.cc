// SPDX-License-Identifier: Apache-2.0
#include "classifier/app/cpu_budget.h"

#include <gtest/gtest.h>

#include <ctime>

namespace weir::classifier {
namespace {

constexpr std::uint32_t kBudgetMs = 20;

std::int64_t cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000 + time.tv_nsec / 1'000'000;
}

/// Uses processor time; false: somebody should have ended this long ago.
bool work(std::int64_t ms) {
  const std::int64_t until = cpu_ms() + ms;
  while (cpu_ms() < until) {
  }
  return true;
}

void one_long_request() {
  ASSERT_TRUE(CpuBudget::start(kBudgetMs));
  CpuBudget::begin();
  static_cast<void>(work(10'000));
  CpuBudget::end();
}

/// Exits with 0 when nothing ended it.
[[noreturn]] void many_requests_and_a_long_pause() {
  if (!CpuBudget::start(kBudgetMs)) std::exit(2);
  for (int i = 0; i < 100; ++i) {
    CpuBudget::begin();
    static_cast<void>(work(4));
    CpuBudget::end();
  }
  static_cast<void>(work(5 * kBudgetMs));  // time between requests is nobody's
  std::exit(0);
}

TEST(CpuBudgetDeathTest, OneRequestThatTakesTooLongEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(one_long_request(), testing::KilledBySignal(SIGABRT), "more processor time than it may");
}

TEST(CpuBudgetDeathTest, ManyRequestsWithinTheBudgetDoNot) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(many_requests_and_a_long_pause(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace weir::classifier
