// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/idle.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

constexpr int kTurnsToLongest = kIdleSpins + 100;  // more than it takes

TEST(IdlePause, looks_again_at_once_for_a_while) {
  IdlePause pause;
  for (std::uint32_t turn = 0; turn < kIdleSpins; ++turn) EXPECT_EQ(pause.idle(false), 0U) << turn;
  EXPECT_EQ(pause.next_sleep_ns(false), kIdleSleepMinNs);
}

TEST(IdlePause, sleeps_longer_and_longer_but_never_longer_than_the_limit) {
  IdlePause pause;
  std::uint32_t last = 0;
  for (int turn = 0; turn < kTurnsToLongest && last < kIdleSleepMaxNs; ++turn) {
    const std::uint32_t slept = pause.idle(false);
    EXPECT_GE(slept, last);
    EXPECT_LE(slept, kIdleSleepMaxNs);
    last = slept;
  }
  EXPECT_EQ(last, kIdleSleepMaxNs);
  EXPECT_EQ(pause.idle(false), kIdleSleepMaxNs);
}

TEST(IdlePause, sleeps_deep_when_nothing_came_for_long) {
  IdlePause pause;
  for (std::uint32_t turn = 0; turn < kIdleSpins + kIdleDeepTurns; ++turn) {
    ASSERT_LE(pause.next_sleep_ns(false), kIdleSleepMaxNs);
    static_cast<void>(pause.idle(true));  // sleeps short, counts the same
  }
  EXPECT_EQ(pause.next_sleep_ns(false), kIdleSleepDeepNs);
  pause.busy();
  EXPECT_EQ(pause.next_sleep_ns(false), 0U);
}

TEST(IdlePause, is_awake_again_with_the_first_packet) {
  IdlePause pause;
  for (int turn = 0; turn < kTurnsToLongest && pause.next_sleep_ns(false) < kIdleSleepMaxNs; ++turn) {
    static_cast<void>(pause.idle(false));
  }
  pause.busy();
  EXPECT_EQ(pause.next_sleep_ns(false), 0U);
}

TEST(IdlePause, sleeps_short_while_packets_wait_for_their_verdict) {
  IdlePause pause;
  for (int turn = 0; turn < kTurnsToLongest && pause.next_sleep_ns(false) < kIdleSleepMaxNs; ++turn) {
    static_cast<void>(pause.idle(false));
  }
  EXPECT_EQ(pause.next_sleep_ns(true), kIdleSleepParkedNs);
}

}  // namespace
}  // namespace weir::dataplane
