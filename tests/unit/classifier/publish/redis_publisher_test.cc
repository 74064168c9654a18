// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/redis_publisher.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

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

  RedisPublisherOptions options() {
    RedisPublisherOptions made;
    made.endpoint = server_.endpoint();
    made.endpoint.timeout = milliseconds{500};
    made.stream = "weir:flows:0";
    made.backoff_min = milliseconds{5};
    made.backoff_max = milliseconds{20};
    made.finish_max = milliseconds{5'000};
    made.crowded = 100;
    return made;
  }
  static EventRing ring(std::uint64_t events_max = 2'000, const std::string& path = {}) {
    return std::move(*EventRing::open(path, {.bytes = 4U << 20U, .events_max = events_max}));
  }
  std::unique_ptr<Spool> spool(std::uint64_t bytes_max = 16U << 20U) {
    return std::move(*Spool::open({.folder = home_.path(), .bytes_max = bytes_max}));
  }
  /// Sequence numbers in the stream, oldest first.
  std::vector<std::uint64_t> in_order() { return in_order(server_); }
  static std::vector<std::uint64_t> in_order(const test::RedisServer& server) {
    policy::StreamBrowser browser{server.connect()};
    std::vector<std::uint64_t> sequences;
    EXPECT_TRUE(browser.scan_backwards("weir:flows:0", 100'000, [&](const policy::StreamEntry& entry) {
      const auto events = policy::events_of(entry.payload).value();
      for (auto bytes = events.rbegin(); bytes != events.rend(); ++bytes) {
        event::FlowEvent event;
        EXPECT_TRUE(event.ParseFromString(*bytes));
        sequences.push_back(event.id().sequence());
      }
      return true;
    }));
    std::ranges::reverse(sequences);
    return sequences;
  }
  std::multiset<std::uint64_t> stored() { return stored(server_); }
  static std::multiset<std::uint64_t> stored(const test::RedisServer& server) {
    const auto sequences = in_order(server);
    return {sequences.begin(), sequences.end()};
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
    EXPECT_EQ(counts.accepted + counts.recovered, counts.delivered + counts.lost.total() + counts.waiting);
  }

  test::RedisServer server_;
  test::TemporaryDirectory home_;  // of the spool
};

TEST_F(RedisPublisherTest, DeliversEverythingInOrder) {
  RedisPublisher publisher{options(), ring(), nullptr};
  for (std::uint64_t i = 1; i <= 900; ++i) publisher.accept(numbered(i));
  publisher.finish();
  const auto counts = publisher.counts();
  EXPECT_EQ(counts.delivered, 900U);
  EXPECT_EQ(counts.lost.total(), 0U);
  expect_balanced(counts);
  EXPECT_EQ(stored().size(), 900U);
  policy::StreamBrowser browser{server_.connect()};
  EXPECT_LE(browser.length("weir:flows:0").value(), 90U) << "many an entry";
}

TEST_F(RedisPublisherTest, AnEventAloneDoesNotWaitLong) {
  RedisPublisher publisher{options(), ring(), nullptr};
  publisher.accept(numbered(1));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 1; }));
  publisher.accept(numbered(2));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 2; }));
  publisher.finish();
}

TEST_F(RedisPublisherTest, AnnouncesItsStreamWhereAppliancesShareARedis) {
  Settings settings;
  EXPECT_FALSE(publisher_options(settings, 3).announce);
  EXPECT_EQ(publisher_options(settings, 3).stream, "weir:flows:3");
  settings.appliance = "north";
  settings.redis.nodes = "10.0.0.1:6379";
  RedisPublisherOptions shared = publisher_options(settings, 3);
  EXPECT_TRUE(shared.announce);
  EXPECT_EQ(shared.stream, "weir:flows:{north:3}");
  shared.endpoint = server_.endpoint();
  auto admin = server_.connect();
  ASSERT_TRUE(admin.command({"SET", "weir:streams", "in the way"}));
  shared.backoff_min = milliseconds{5};
  shared.backoff_max = milliseconds{20};
  RedisPublisher publisher{shared, ring(), nullptr};
  publisher.accept(numbered(1));
  EXPECT_EQ(admin.command({"XLEN", shared.stream}).value().integer, 0) << "nobody would look for it there";
  ASSERT_TRUE(admin.command({"DEL", "weir:streams"}));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 1; }));
  EXPECT_EQ(admin.command({"SMEMBERS", "weir:streams"}).value().items.at(0).text, shared.stream);
  publisher.finish();
}

TEST_F(RedisPublisherTest, KeepsEventsWhileRedisIsAwayAndLosesOnlyTheOverflow) {
  server_.stop(SIGKILL);
  RedisPublisher publisher{options(), ring(13), nullptr};  // ten, and three for hits alone
  for (std::uint64_t i = 1; i <= 25; ++i) publisher.accept(numbered(i));
  EXPECT_EQ(publisher.counts().lost.queue_full, 15U);
  EXPECT_EQ(publisher.counts().waiting, 10U);
  EXPECT_FALSE(publisher.counts().connected);
  server_.start();
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 10; }));
  publisher.accept(numbered(26));
  publisher.finish();
  const auto counts = publisher.counts();
  EXPECT_EQ(counts.delivered, 11U);
  EXPECT_EQ(counts.lost.total(), 15U);
  expect_balanced(counts);
  EXPECT_TRUE(stored().contains(1));
  EXPECT_TRUE(stored().contains(26));
}

TEST_F(RedisPublisherTest, ARestartLosesNothing) {
  RedisPublisher publisher{options(), ring(), nullptr};
  std::uint64_t next = 1;
  for (; next <= 100; ++next) publisher.accept(numbered(next));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered > 0; }));
  server_.stop(SIGKILL);
  for (; next <= 300; ++next) publisher.accept(numbered(next));
  server_.start();
  for (; next <= 400; ++next) publisher.accept(numbered(next));
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().lost.total(), 0U);
  const auto sequences = stored();  // an entry may be there twice: readers are idempotent
  for (std::uint64_t i = 1; i <= 400; ++i) EXPECT_TRUE(sequences.contains(i)) << i;
}

TEST_F(RedisPublisherTest, WhatADeadRedisHadOnlyAcknowledgedIsSaidAgain) {
  // One without a file stands for one that died before it wrote what it had acknowledged.
  test::RedisServer forgetful{{"--appendonly", "no"}};
  ASSERT_TRUE(forgetful.up());
  auto to_it = options();
  to_it.endpoint.socket = forgetful.socket();
  RedisPublisher publisher{to_it, ring(), nullptr};
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

TEST_F(RedisPublisherTest, NoMoreIsKeptThanTheRingHasRoomFor) {
  test::RedisServer forgetful{{"--appendonly", "no"}};
  ASSERT_TRUE(forgetful.up());
  auto to_it = options();
  to_it.endpoint.socket = forgetful.socket();
  auto small = std::move(*EventRing::open("", {.bytes = 4'096, .events_max = 1'000'000}));
  RedisPublisher publisher{to_it, std::move(small), nullptr};
  constexpr std::uint64_t kMany = 1'000;
  for (std::uint64_t i = 1; i <= kMany; ++i) {
    publisher.accept(numbered(i));
    ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == i; }));
  }
  forgetful.stop(SIGKILL);
  forgetful.start();
  publisher.accept(numbered(kMany + 1));
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().lost.total(), 0U);
  const std::uint64_t left = stored(forgetful).size();
  EXPECT_LE(left, 4'096U / 8);
  EXPECT_GE(left, 2U);
}

TEST_F(RedisPublisherTest, WhatWaitsGoesToTheDiskAndThenOnInOrder) {
  server_.stop(SIGKILL);
  RedisPublisher publisher{options(), ring(100), spool()};
  std::uint64_t next = 1;
  for (; next <= 1'000; ++next) {  // far more than the ring has room for
    publisher.accept(numbered(next));
    ASSERT_TRUE(eventually([&] { return publisher.counts().waiting - publisher.counts().spooled < 70; }));
  }
  EXPECT_GE(publisher.counts().spooled, 900U);
  EXPECT_GT(publisher.counts().spool_bytes, 0U);
  server_.start();
  for (; next <= 1'020; ++next) publisher.accept(numbered(next));
  publisher.finish();
  const auto counts = publisher.counts();
  EXPECT_EQ(counts.delivered, 1'020U);
  EXPECT_EQ(counts.lost.total(), 0U);
  EXPECT_EQ(counts.spooled, 0U);
  expect_balanced(counts);
  // A Redis that is slower than the connection's patience is told again: what counts is when each came first.
  std::vector<std::uint64_t> first_seen;
  for (const std::uint64_t sequence : in_order()) {
    if (std::ranges::find(first_seen, sequence) == first_seen.end()) first_seen.push_back(sequence);
  }
  EXPECT_EQ(first_seen.size(), 1'020U);
  EXPECT_TRUE(std::ranges::is_sorted(first_seen));
}

TEST_F(RedisPublisherTest, AnAcceptedEventOutlivesItsProcess) {
  server_.stop(SIGKILL);
  const std::string ring_file = home_.file("ring");
  const pid_t child = fork();
  if (child == 0) {  // its publisher's threads spool some of them
    RedisPublisher publisher{options(), ring(10'000, ring_file), spool()};
    for (std::uint64_t i = 1; i <= 500; ++i) publisher.accept(numbered(i));
    eventually([&] { return publisher.counts().spooled == 500; });
    for (std::uint64_t i = 501; i <= 1'000; ++i) publisher.accept(numbered(i));
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  server_.start();
  RedisPublisher publisher{options(), ring(10'000, ring_file), spool()};
  publisher.accept(numbered(1'001));
  publisher.finish();
  EXPECT_GE(publisher.counts().recovered, 1'000U);
  expect_balanced(publisher.counts());
  const auto sequences = stored();
  for (std::uint64_t i = 1; i <= 1'001; ++i) EXPECT_TRUE(sequences.contains(i)) << i;
}

TEST_F(RedisPublisherTest, HitsComeThroughWhereOthersAreLost) {
  server_.stop(SIGKILL);
  RedisPublisher publisher{options(), ring(1'000), spool(kSpoolSegmentMin)};  // ring and disk both overflow
  for (std::uint64_t i = 1; i <= 3'000; ++i) {
    event::FlowEvent event = numbered(i);
    if (i % 50 == 0) event.add_hits()->set_rule("rule");
    publisher.accept(event);
    if (i % 100 == 0) {
      ASSERT_TRUE(eventually([&] { return publisher.counts().waiting - publisher.counts().spooled < 100; }));
    }
  }
  EXPECT_GT(publisher.counts().lost.spool_full, 0U);
  server_.start();
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().waiting, 0U);
  const auto sequences = stored();
  for (std::uint64_t i = 50; i <= 3'000; i += 50) EXPECT_TRUE(sequences.contains(i)) << "the hit " << i;
}

TEST_F(RedisPublisherTest, ADiskThatTakesNothingLeavesEventsInMemory) {
  server_.stop(SIGKILL);
  auto gone = spool();
  std::filesystem::remove_all(home_.path());
  RedisPublisher publisher{options(), ring(), std::move(gone)};
  for (std::uint64_t i = 1; i <= 100; ++i) publisher.accept(numbered(i));
  ASSERT_TRUE(eventually([&] { return publisher.counts().spool_errors > 0; }));
  EXPECT_EQ(publisher.counts().waiting, 100U);
  server_.start();
  publisher.finish();
  EXPECT_EQ(publisher.counts().delivered, 100U);
  expect_balanced(publisher.counts());
}

TEST_F(RedisPublisherTest, AStalledRedisCostsNothing) {
  RedisPublisher publisher{options(), ring(100), spool()};
  publisher.accept(numbered(1));
  ASSERT_TRUE(eventually([&] { return publisher.counts().delivered == 1; }));
  server_.send(SIGSTOP);
  std::uint64_t next = 2;
  for (; next <= 500; ++next) {
    publisher.accept(numbered(next));
    ASSERT_TRUE(eventually([&] { return publisher.counts().waiting - publisher.counts().spooled < 70; }));
  }
  server_.send(SIGCONT);
  publisher.finish();
  expect_balanced(publisher.counts());
  EXPECT_EQ(publisher.counts().lost.total(), 0U);
  const auto sequences = stored();
  for (std::uint64_t i = 1; i < next; ++i) EXPECT_TRUE(sequences.contains(i)) << i;
}

TEST_F(RedisPublisherTest, WhatNeverLeftIsLostAtTheEnd) {
  server_.stop(SIGKILL);
  auto short_finish = options();
  short_finish.finish_max = milliseconds{20};
  RedisPublisher publisher{short_finish, ring(), nullptr};
  for (std::uint64_t i = 1; i <= 7; ++i) publisher.accept(numbered(i));
  publisher.finish();
  EXPECT_EQ(publisher.counts().lost.at_end, 7U);
  expect_balanced(publisher.counts());
}

TEST_F(RedisPublisherTest, AnEventTooLargeIsLostAlone) {
  RedisPublisher publisher{options(), ring(), nullptr};
  auto huge = numbered(1);
  huge.set_http_path(std::string(policy::kEventBytesMax, 'x'));
  publisher.accept(huge);
  publisher.accept(numbered(2));
  publisher.finish();
  EXPECT_EQ(publisher.counts().lost.too_large, 1U);
  EXPECT_EQ(publisher.counts().delivered, 1U);
}

}  // namespace
}  // namespace weir::classifier
