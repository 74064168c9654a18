// SPDX-License-Identifier: Apache-2.0
#include "policy/directory/connection_guard.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace weir::policy {
namespace {

struct Pair {
  std::array<int, 2> ends{-1, -1};
  Pair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  ~Pair() {
    for (const int end : ends) close(end);
  }
  /// Waits for a byte: 0 when the socket was shut down.
  ssize_t read_one() {
    char byte = 0;
    return read(ends[0], &byte, 1);
  }
};

TEST(ConnectionGuard, ShutsDownWhenTheTimeIsOver) {
  Pair pair;
  ConnectionGuard guard{monotonic_now() + kSecond / 50};
  guard.watch(pair.ends[0]);
  EXPECT_EQ(pair.read_one(), 0);
  EXPECT_TRUE(guard.fired());
}

TEST(ConnectionGuard, GivesMoreTimeAndLetsGo) {
  Pair pair;
  ConnectionGuard guard{monotonic_now() + 3'600 * kSecond};
  guard.watch(pair.ends[0]);
  guard.forget();
  guard.give_until(monotonic_now());
  Pair late;
  guard.watch(late.ends[0]);
  EXPECT_EQ(late.read_one(), 0) << "also one that comes after its time";
  ASSERT_EQ(write(pair.ends[1], "x", 1), 1);
  EXPECT_EQ(pair.read_one(), 1) << "this one was let go before";
}

}  // namespace
}  // namespace weir::policy
