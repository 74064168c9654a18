// SPDX-License-Identifier: Apache-2.0
#include "classifier/publish/fact_listener.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/support/redis_server.h"

namespace weir::classifier {
namespace {

using std::chrono::milliseconds;

QuotaFact fact(std::uint64_t bytes) { return {"budget", "10.20.0.7", 99 * kSecond, {.bytes = bytes}}; }

class FactListenerTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.up()); }

  FactListenerOptions options() {
    FactListenerOptions made;
    made.endpoint = server_.endpoint();
    made.endpoint.timeout = milliseconds{500};
    made.block = milliseconds{5};
    made.backoff_min = milliseconds{5};
    made.backoff_max = milliseconds{20};
    return made;
  }
  void write(std::uint64_t from, std::uint64_t to) {
    policy::FactsWriter writer{server_.connect()};
    for (; from <= to; ++from) ASSERT_TRUE(writer.write(std::vector{fact(from)}));
  }
  /// Takes until the fact with so many bytes came; all that came, in order.
  static std::vector<std::uint64_t> until(FactListener& listener, std::uint64_t last) {
    std::vector<std::uint64_t> seen;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (seen.empty() || seen.back() != last) {
      if (std::chrono::steady_clock::now() > deadline) return {};
      for (const QuotaFact& one : listener.take()) seen.push_back(one.used.bytes);
      ::poll(nullptr, 0, 2);
    }
    return seen;
  }

  test::RedisServer server_;
};

TEST_F(FactListenerTest, GivesWhatWasSaidBeforeAndAfterIt) {
  write(1, 3);
  FactListener listener{options()};
  EXPECT_EQ(until(listener, 3), (std::vector<std::uint64_t>{1, 2, 3}));
  write(4, 4);
  EXPECT_EQ(until(listener, 4), std::vector<std::uint64_t>{4});
  EXPECT_TRUE(listener.take().empty());
}

TEST_F(FactListenerTest, KeepsNoMoreThanOneReadUntilItIsTaken) {
  constexpr std::uint64_t kMany = 3 * policy::kFactsAtOnce;
  write(1, kMany);
  FactListener listener{options()};
  EXPECT_EQ(until(listener, kMany).size(), kMany) << "and loses none";
}

TEST_F(FactListenerTest, BeginsAgainWhenRedisCameBack) {
  FactListener listener{options()};
  write(1, 1);
  EXPECT_EQ(until(listener, 1), std::vector<std::uint64_t>{1});
  server_.stop(SIGKILL);
  server_.start();
  write(7, 7);
  const auto seen = until(listener, 7);
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back(), 7U);
}

TEST_F(FactListenerTest, EndsAlthoughNobodyTakes) {
  write(1, 2 * policy::kFactsAtOnce);
  const FactListener listener{options()};
}

}  // namespace
}  // namespace weir::classifier
