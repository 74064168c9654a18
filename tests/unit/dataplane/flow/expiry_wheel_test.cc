// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/expiry_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace weir::dataplane {
namespace {

constexpr Tick kStart = 1'000'000;

/// A table and its wheel under a clock that the test turns.
struct Bench {
  explicit Bench(std::uint32_t capacity = 4'096, Tick start = kStart)
      : flows(capacity, 1), now(start), wheel(flows, IdleTimeouts{}, start) {}

  std::uint32_t open(std::uint8_t protocol, channel::TcpState state = channel::TcpState::kNone) {
    FlowKey key;
    key.protocol = protocol;
    key.low_port = static_cast<std::uint16_t>(++opened);
    key.high_port = static_cast<std::uint16_t>(opened >> 16U);
    const std::uint32_t slot = flows.create(key, hash_of(key, 1));
    EXPECT_NE(slot, kNoSlot);
    flows.hot(slot).tcp_state = state;
    flows.hot(slot).last_seen = now;
    wheel.arm(slot);
    return slot;
  }
  /// One call at the present time; what expired is erased, as the pipeline does.
  std::size_t collect(std::size_t room = 64) {
    std::vector<std::uint32_t> expired(room);
    expired.resize(wheel.collect(now, expired));
    for (const std::uint32_t slot : expired) {
      wheel.disarm(slot);
      flows.erase(slot);
    }
    return expired.size();
  }
  /// Goes on second by second until the flow is gone; returns the seconds, or -1 after `limit`.
  int seconds_until_gone(std::uint32_t slot, int limit) {
    const channel::FlowRef flow{slot, flows.hot(slot).generation};
    for (int passed = 0; passed <= limit; ++passed, ++now) {
      static_cast<void>(collect());
      if (flows.resolve(flow) == kNoSlot) return passed;
    }
    return -1;
  }

  FlowTable flows;
  Tick now;
  ExpiryWheel wheel;
  std::uint32_t opened = 0;
};

TEST(ExpiryWheel, EachKindOfFlowHasItsTimeout) {
  using enum channel::TcpState;
  struct Case {
    std::uint8_t protocol;
    channel::TcpState state;
    int seconds;
  };
  for (const Case& one :
       {Case{17, kNone, 120}, Case{1, kNone, 60}, Case{47, kNone, 60}, Case{6, kNone, 30},
        Case{6, kSynSent, 30}, Case{6, kSynReceived, 30}, Case{6, kEstablished, 3'600},
        Case{6, kFinWait, 3'600}, Case{6, kClosing, 10}, Case{6, kClosed, 10}, Case{6, kMidstream, 120}}) {
    Bench bench;
    const std::uint32_t slot = bench.open(one.protocol, one.state);
    EXPECT_EQ(bench.seconds_until_gone(slot, 4'000), one.seconds)
        << int{one.protocol} << " " << int(one.state);
  }
}

TEST(ExpiryWheel, PacketsKeepAFlowAliveWithoutTouchingTheWheel) {
  Bench bench;
  const std::uint32_t slot = bench.open(17);
  for (int i = 0; i < 1'000; ++i) {
    ++bench.now;
    bench.flows.hot(slot).last_seen = bench.now;  // all that a packet does
    ASSERT_EQ(bench.collect(), 0U);
  }
  EXPECT_EQ(bench.seconds_until_gone(slot, 200), 120);
}

TEST(ExpiryWheel, TimeoutThatBecameShorterIsSeenSoon) {
  Bench bench;
  const std::uint32_t slot = bench.open(6, channel::TcpState::kEstablished);
  bench.now += 100;
  ASSERT_EQ(bench.collect(), 0U);
  bench.flows.hot(slot).last_seen = bench.now;
  bench.flows.hot(slot).tcp_state = channel::TcpState::kClosed;
  const int seconds = bench.seconds_until_gone(slot, 100);
  EXPECT_GE(seconds, 10);
  EXPECT_LE(seconds, 10 + static_cast<int>(kLookAgainAfterSeconds));
}

TEST(ExpiryWheel, DisarmedFlowIsNeverCollected) {
  Bench bench;
  std::vector<std::uint32_t> slots;
  for (int i = 0; i < 5; ++i) slots.push_back(bench.open(1));
  for (const std::size_t i : {std::size_t{2}, std::size_t{4}, std::size_t{0}}) bench.wheel.disarm(slots[i]);
  bench.wheel.disarm(slots[0]);
  bench.now += 100;
  std::array<std::uint32_t, 8> expired{};
  ASSERT_EQ(bench.wheel.collect(bench.now, expired), 2U);
  EXPECT_EQ((std::vector<std::uint32_t>{std::min(expired[0], expired[1]), std::max(expired[0], expired[1])}),
            (std::vector<std::uint32_t>{slots[1], slots[3]}));
}

TEST(ExpiryWheel, WorkOfOneCallIsBounded) {
  Bench bench;
  constexpr std::size_t kFlows = 1'000;
  for (std::size_t i = 0; i < kFlows; ++i) static_cast<void>(bench.open(1));
  bench.now += 61;
  EXPECT_EQ(bench.collect(10), 10U) << "no more than there is room for";
  EXPECT_EQ(bench.collect(2'000), kExpiryLooksMax) << "no more than it may look at";
  std::size_t total = 10 + kExpiryLooksMax;
  for (int calls = 0; calls < 10; ++calls) total += bench.collect(2'000);
  EXPECT_EQ(total, kFlows) << "the rest comes in the next calls of the same second";
  EXPECT_EQ(bench.flows.size(), 0U);
}

TEST(ExpiryWheel, LooksAtLiveFlowsAreBoundedToo) {
  Bench bench;
  for (int i = 0; i < 600; ++i) static_cast<void>(bench.open(6, channel::TcpState::kEstablished));
  const std::uint32_t idle = bench.open(1);
  static_cast<void>(idle);
  bench.now += 61;
  std::size_t calls = 0;
  while (bench.flows.size() == 601) {
    static_cast<void>(bench.collect());
    ASSERT_LT(++calls, 10U);
  }
  EXPECT_EQ(bench.flows.size(), 600U);
}

TEST(ExpiryWheel, LongLeapsOfTheClockLoseNobody) {
  Bench bench;
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(bench.open(i % 2 == 0 ? 1 : 17));
    ++bench.now;
    static_cast<void>(bench.collect());
  }
  bench.now += 1'000'000;
  while (bench.collect() > 0) {
  }
  EXPECT_EQ(bench.flows.size(), 0U);
}

TEST(ExpiryWheel, ClockSetBackStartsTheTimeoutAgain) {
  Bench bench;
  const std::uint32_t slot = bench.open(1);
  bench.now += 10;
  static_cast<void>(bench.collect());
  bench.now -= 5'000;
  const int seconds = bench.seconds_until_gone(slot, 1'000);
  EXPECT_GE(seconds, 60);
  EXPECT_LE(seconds, 60 + static_cast<int>(kWheelBuckets));
}

TEST(ExpiryWheel, CountsAcrossTheWrapOfTheClock) {
  Bench bench(64, 0xffff'fff0U);
  const std::uint32_t slot = bench.open(1);
  EXPECT_EQ(bench.seconds_until_gone(slot, 100), 60);
}

}  // namespace
}  // namespace weir::dataplane
