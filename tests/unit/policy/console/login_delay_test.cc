// SPDX-License-Identifier: Apache-2.0
#include "policy/console/login_delay.h"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace weir::console {
namespace {

constexpr TimeNs kNow = 1'800'000'000 * kSecond;

TEST(LoginDelay, DoublesAndEnds) {
  EXPECT_EQ(login_delay(0, 3), 0);
  EXPECT_EQ(login_delay(2, 3), 0);
  EXPECT_EQ(login_delay(3, 3), 1 * kSecond);
  EXPECT_EQ(login_delay(4, 3), 2 * kSecond);
  EXPECT_EQ(login_delay(8, 3), 32 * kSecond);
  EXPECT_EQ(login_delay(12, 3), kLoginDelayMax);
  EXPECT_EQ(login_delay(1'000'000, 3), kLoginDelayMax);
}

class Failures : public testing::Test {
 protected:
  void fail(const std::string& account, const std::string& address, int times, TimeNs now) {
    auto batch = store_.begin();
    ASSERT_TRUE(batch.has_value());
    for (int i = 0; i < times; ++i)
      ASSERT_TRUE(count_failure(store_, *batch, account, address, now).has_value());
    ASSERT_TRUE(batch->commit().has_value());
  }
  TimeNs wait(const std::string& account, const std::string& address, TimeNs now) {
    return login_wait(store_, account, address, now).value();
  }
  test::TemporaryDirectory home_;
  policy::Store store_ = policy::Store::open(home_.file("weir.db"), policy::StoreAccess::kWrite).value();
};

TEST_F(Failures, ConcernOneAccountFromOneAddress) {
  fail("amelie", "10.0.0.1", 5, kNow);
  EXPECT_EQ(wait("amelie", "10.0.0.1", kNow), 4 * kSecond);
  EXPECT_EQ(wait("amelie", "10.0.0.1", kNow + 4 * kSecond), 0) << "nobody is locked out for good";
  EXPECT_EQ(wait("amelie", "10.0.0.2", kNow), 0) << "who has the account logs in from elsewhere";
  EXPECT_EQ(wait("bruno", "10.0.0.1", kNow), 0);
}

TEST_F(Failures, OfManyAccountsSlowTheirAddressDown) {
  for (int i = 0; i < 22; ++i) fail("account-" + std::to_string(i), "10.0.0.1", 1, kNow);
  EXPECT_EQ(wait("somebody", "10.0.0.1", kNow), 4 * kSecond);
  EXPECT_EQ(wait("somebody", "10.0.0.2", kNow), 0);
}

TEST_F(Failures, AreForgottenAfterALoginAndAfterATime) {
  fail("amelie", "10.0.0.1", 9, kNow);
  EXPECT_GT(wait("amelie", "10.0.0.1", kNow), 0);
  EXPECT_EQ(wait("amelie", "10.0.0.1", kNow + kFailuresForgotten + kSecond), 0);
  fail("amelie", "10.0.0.1", 1, kNow + kFailuresForgotten + kSecond);
  EXPECT_EQ(wait("amelie", "10.0.0.1", kNow + kFailuresForgotten + kSecond), 0) << "it counts anew";
  fail("amelie", "10.0.0.1", 9, kNow + kFailuresForgotten + kSecond);
  auto batch = store_.begin();
  ASSERT_TRUE(forget_failures(*batch, "amelie", "10.0.0.1").has_value());
  ASSERT_TRUE(batch->commit().has_value());
  EXPECT_EQ(wait("amelie", "10.0.0.1", kNow + kFailuresForgotten + kSecond), 0);
}

}  // namespace
}  // namespace weir::console
