// SPDX-License-Identifier: Apache-2.0
// `weirctl console ...`, run as a program over a store of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/account_store.h"
#include "tests/unit/policy/ctl/weirctl.h"

namespace weir::ctl {
namespace {

using testing::HasSubstr;

TEST(WeirctlConsole, AFirstCodeOnlyWhileThereIsNoAccount) {
  const test::Weirctl weirctl;
  Settings settings;
  settings.engine.store = weirctl.file("weir.db");
  auto store = policy::Store::open(settings.engine, policy::StoreAccess::kWrite).value();
  const test::Ran first = weirctl({"-o", "json", "console", "code"});
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.json()["code"].get<std::string>().size(), 19U) << first.out;
  EXPECT_EQ(weirctl({"console", "remove", "ada"}).code, 1) << "there is no such account";
  auto batch = store.begin().value();
  ASSERT_TRUE(
      policy::add_account(batch, {.name = "ada", .role = "admin", .password = "x", .totp_key = "00"}));
  ASSERT_TRUE(batch.commit());
  const test::Ran refused = weirctl({"console", "code"});
  EXPECT_NE(refused.code, 0);
  EXPECT_THAT(refused.err, HasSubstr("has an account already"));
  const test::Ran removed = weirctl({"console", "remove", "ada"});
  EXPECT_EQ(removed.code, 0) << removed.err;
  EXPECT_FALSE(policy::console_account(store, "ada").has_value());
  EXPECT_EQ(weirctl({"console", "code"}).code, 0);
}

}  // namespace
}  // namespace weir::ctl
