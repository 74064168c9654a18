// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/redis_publisher.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <set>

#include "policy/bus/event_batch.h"
#include "policy/bus/stream_browser.h"
#include "tests/support/redis_server.h"

namespace weir::classifier {
namespace {

using std::chrono::milliseconds;

event::FlowEvent numbered(std::uint64_t sequence) {
  event::FlowEvent event;
  event.mutable_id()->set_sequence(sequence);
  return event;
}

class RedisPublisherTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.up()); }

  RedisPublisherOptions options(std::uint32_t queue_max = 1'000) {
    RedisPublisherOptions made;
    made.endpoint = server_.endpoint();
    made.endpoint.timeout = milliseconds{500};
    made.stream = "weir:flows:0";
    made.queue_max = queue_max;
    made.backoff_min = milliseconds{5};
    made.backoff_max = milliseconds{20};
    made.finish_max = milliseconds{5'000};
    return made;
  }
  std::multiset<std::uint64_t> stored() { return stored(server_); }
  static std::multiset<std::uint64_t> stored(const test::RedisServer& server) {
    policy::StreamBrowser browser{server.connect()};
    std::multiset<std::uint64_t> sequences;
    EXPECT_TRUE(browser.scan_backwards("weir:flows:0", 100'000, [&](const policy::StreamEntry& entry) {
      const auto events = policy::events_of(entry.payload).value();
      for (const std::string& bytes : events) {
        event::FlowEvent event;
        EXPECT_TRUE(event.ParseFromString(bytes));
        sequences.insert(event.id().sequence());
      }
      return true;
    }));
    return sequences;
  }
  template <typename Condition>
  static bool eventually(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ::poll(nullptr, 0, 2);
    }
    return true;
  }
  static void expect_balanced(const EventCounts& counts) {
    EXPECT_EQ(counts.accepted, counts.delivered + counts.lost + counts.waiting);
  }

  test::RedisServer server_;
};

TEST_F(RedisPublisherTest, DeliversEverythingInOrder) {
  RedisPublisher publisher{options()};
  for (std::uint64_t i = 1; i <= 900; ++i) publisher.accept(numbered(i));
  publisher.finish();
  const auto counts = publisher.counts();
  EXPECT_EQ(counts.delivered, 900U);
  EXPECT_EQ(counts.lost, 0U);
  expect_balanced(counts);
  EXPECT_EQ(stored().size(), 900U);
  policy::StreamBrowser browser{server_.connect()};
  EXPECT_LE(browser.length("weir:flows:0").value(), 90U) << "many an entry";
}

TEST_F(RedisPublisherTest, AnEventAloneDoesNotWaitLong) {
  RedisPublisher publisher{options()};
  publisher.accept(numbered(1));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 1; }));
  publisher.accept(numbered(2));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 2; }));
  publisher.finish();
}

TEST_F(RedisPublisherTest, KeepsEventsWhileRedisIsAwayAndLosesOnlyTheOverflow) {
  server_.stop(SIGKILL);
  RedisPublisher publisher{options(10)};
  for (std::uint64_t i = 1; i <= 25; ++i) publisher.accept(numbered(i));
  EXPECT_EQ(publisher.counts().lost, 15U);
  EXPECT_EQ(publisher.counts().waiting, 10U);
  EXPECT_FALSE(publisher.counts().connected);
  server_.start();
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 10; }));
  publisher.accept(numbered(26));
  publisher.finish();
  const auto counts = publisher.counts();
  EXPECT_EQ(counts.delivered, 11U);
  EXPECT_EQ(counts.lost, 15U);
  expect_balanced(counts);
  EXPECT_TRUE(stored().contains(1));
  EXPECT_TRUE(stored().contains(26));
}

TEST_F(RedisPublisherTest, ARestartLosesNothing) {
  RedisPublisher publisher{options()};
  std::uint64_t next = 1;
  for (; next <= 100; ++next) publisher.accept(numbered(next));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered > 0; }));
  server_.stop(SIGKILL);
  for (; next <= 300; ++next) publisher.accept(numbered(next));
  server_.start();
  for (; next <= 400; ++next) publisher.accept(numbered(next));
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().lost, 0U);
  const auto sequences = stored();  // an entry may be there twice: readers are idempotent
  for (std::uint64_t i = 1; i <= 400; ++i) EXPECT_TRUE(sequences.contains(i)) << i;
}

TEST_F(RedisPublisherTest, WhatADeadRedisHadOnlyAcknowledgedIsSaidAgain) {
  // One without a file stands for one that died before it wrote what it had acknowledged.
  test::RedisServer forgetful{{"--appendonly", "no"}};
  ASSERT_TRUE(forgetful.up());
  auto to_it = options();
  to_it.endpoint.socket = forgetful.socket();
  RedisPublisher publisher{to_it};
  for (std::uint64_t i = 1; i <= 600; ++i) publisher.accept(numbered(i));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 600; }));
  forgetful.stop(SIGKILL);
  forgetful.start();
  publisher.accept(numbered(601));
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().delivered, 601U);
  EXPECT_EQ(stored(forgetful).size(), 601U);
}

TEST_F(RedisPublisherTest, NoMoreIsKeptThanTheLimit) {
  test::RedisServer forgetful{{"--appendonly", "no"}};
  ASSERT_TRUE(forgetful.up());
  auto to_it = options(100'000);
  to_it.endpoint.socket = forgetful.socket();
  RedisPublisher publisher{to_it};
  const std::uint64_t many = kKeptEventsMax + 1'000;
  for (std::uint64_t i = 1; i <= many; ++i) publisher.accept(numbered(i));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == many; }));
  forgetful.stop(SIGKILL);
  forgetful.start();
  publisher.accept(numbered(many + 1));
  publisher.finish();
  const std::uint64_t left = stored(forgetful).size();
  EXPECT_LE(left, kKeptEventsMax + 1);
  EXPECT_GE(left, 2U);
}

TEST_F(RedisPublisherTest, WhatNeverLeftIsLostAtTheEnd) {
  server_.stop(SIGKILL);
  auto short_finish = options();
  short_finish.finish_max = milliseconds{20};
  RedisPublisher publisher{short_finish};
  for (std::uint64_t i = 1; i <= 7; ++i) publisher.accept(numbered(i));
  publisher.finish();
  EXPECT_EQ(publisher.counts().lost, 7U);
  expect_balanced(publisher.counts());
}

TEST_F(RedisPublisherTest, AnEventTooLargeIsLostAlone) {
  RedisPublisher publisher{options()};
  auto huge = numbered(1);
  huge.set_http_path(std::string(policy::kEventBytesMax, 'x'));
  publisher.accept(huge);
  publisher.accept(numbered(2));
  publisher.finish();
  EXPECT_EQ(publisher.counts().lost, 1U);
  EXPECT_EQ(publisher.counts().delivered, 1U);
}

}  // namespace
}  // namespace weir::classifier
