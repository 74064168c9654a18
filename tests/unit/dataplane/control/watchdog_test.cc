// SPDX-License-Identifier: Apache-2.0
#include "dataplane/control/watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "dataplane/control/service_manager.h"
#include "tests/support/temporary_directory.h"

namespace weir::dataplane {
namespace {

constexpr TimeNs kLook = kWorkerLookMs * kMillisecond;
constexpr TimeNs kBegin = 1'000 * kSecond;

TEST(Watchdog, SeesAStuckWorkerWithin500Ms) {
  Watchdog watchdog(2);
  std::array<std::uint64_t, 2> turns = {1, 1};
  TimeNs now = kBegin;
  watchdog.look(turns, now);
  const TimeNs stopped = now;
  while (watchdog.all_alive() && now < stopped + kSecond) {
    now += kLook;
    ++turns[0];
    watchdog.look(turns, now);
  }
  EXPECT_LE(now - stopped, 500 * kMillisecond);
  EXPECT_FALSE(watchdog.health()[0].stuck);
  EXPECT_TRUE(watchdog.health()[1].stuck);
  EXPECT_EQ(watchdog.health()[1].moved_at, stopped);

  ++turns[1];
  watchdog.look(turns, now + kLook);
  EXPECT_TRUE(watchdog.all_alive());
  EXPECT_EQ(watchdog.health()[1].times, 1U);
}

TEST(Watchdog, APauseOfTheWholeProcessIsNoStuckWorker) {
  Watchdog watchdog(1);
  std::array<std::uint64_t, 1> turns = {1};
  watchdog.look(turns, kBegin);
  watchdog.look(turns, kBegin + 60 * kSecond);  // the machine slept; the worker had no time either
  EXPECT_TRUE(watchdog.all_alive());
  ++turns[0];
  watchdog.look(turns, kBegin + 60 * kSecond + kLook);
  EXPECT_TRUE(watchdog.all_alive());
  EXPECT_EQ(watchdog.health()[0].times, 0U);
}

TEST(Watchdog, ManyLooksInAShortTimeAreOne) {
  Watchdog watchdog(1);
  const std::array<std::uint64_t, 1> turns = {1};
  for (TimeNs now = kBegin; now < kBegin + 300 * kMillisecond; now += kMillisecond) watchdog.look(turns, now);
  EXPECT_TRUE(watchdog.all_alive());
}

TEST(Watchdog, AllMovedOnlyWhenEachWorkerDid) {
  Watchdog watchdog(2);
  std::array<std::uint64_t, 2> turns = {1, 0};
  watchdog.look(turns, kBegin);
  EXPECT_FALSE(watchdog.take_all_moved());
  turns = {1, 1};
  watchdog.look(turns, kBegin + kLook);
  EXPECT_TRUE(watchdog.take_all_moved());
  EXPECT_FALSE(watchdog.take_all_moved()) << "it is said once";
}

/// A service manager's socket, and the environment that leads to it.
class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManagerTest() : path_(directory_.file("notify")) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "2000000", 1);
  }
  ~ServiceManagerTest() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::close(fd_);
  }
  std::string said() {
    std::array<char, 256> text{};
    const ssize_t got = ::recv(fd_, text.data(), text.size(), 0);
    return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : "";
  }
  test::TemporaryDirectory directory_;
  std::string path_;
  int fd_ = -1;
};

TEST_F(ServiceManagerTest, IsToldOfStartLifeAndEnd) {
  ServiceManager manager;
  EXPECT_FALSE(manager.told_ready());
  manager.ready();
  EXPECT_EQ(said(), "READY=1");
  EXPECT_TRUE(manager.told_ready());
  ASSERT_TRUE(manager.watchdog_due(kBegin));
  manager.alive(kBegin);
  EXPECT_EQ(said(), "WATCHDOG=1");
  EXPECT_FALSE(manager.watchdog_due(kBegin + kSecond - 1));
  EXPECT_TRUE(manager.watchdog_due(kBegin + kSecond)) << "half of the two seconds";
  manager.stopping();
  EXPECT_EQ(said(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, NobodyAsksForLife) {
  ::unsetenv("WATCHDOG_USEC");
  const ServiceManager manager;
  EXPECT_FALSE(manager.watchdog_due(kBegin));
}

TEST(NoServiceManager, NothingHappens) {
  ServiceManager manager;
  manager.ready();
  manager.stopping();
  EXPECT_FALSE(manager.watchdog_due(kBegin));
}

}  // namespace
}  // namespace weir::dataplane
