// SPDX-License-Identifier: Apache-2.0
#include "policy/notify/composer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/violation_store.h"
#include "tests/support/temporary_directory.h"

namespace weir::notify {
namespace {

using policy::Store;
using policy::StoreAccess;
using ::testing::HasSubstr;

constexpr TimeNs kStart = 1'000'000 * kSecond;

class ComposerTest : public ::testing::Test {
 protected:
  ComposerTest() {
    receiver_.name = "officers";
    receiver_.kind = ReceiverKind::kWebhook;
    receiver_.to = {"https://desk.example.org/"};
    receiver_.severity = Severity::kLow;
    receiver_.gather = 10 * kSecond;
    receiver_.interval = 60 * kSecond;
  }
  Store store() { return std::move(*Store::open(home_.file("weir.db"), StoreAccess::kWrite)); }
  Composer composer() {
    Composer made{store(), {receiver_}, "gate-1", spool_};
    const auto begun = made.begin();
    EXPECT_TRUE(begun) << to_text(begun.error());
    return made;
  }
  void violations(const std::string& rule, int count) {
    Store opened = store();
    auto batch = opened.begin();
    for (int i = 0; i < count; ++i) {
      policy::ViolationSighting one;
      one.rule = rule;
      one.section = "web";
      one.action = "block";
      one.subject = fmt::format("10.0.{}.{}", i / 200, i % 200);
      one.object = "bet.example";
      one.at = kSecond;
      ASSERT_TRUE(batch->record(one));
    }
    ASSERT_TRUE(batch->commit());
  }
  void close(std::int64_t id) {
    Store opened = store();
    auto batch = opened.begin();
    ASSERT_TRUE(policy::move_violation(*batch, id, "justified", {"vera", kSecond, "it is allowed"}));
    ASSERT_TRUE(policy::move_violation(*batch, id, "closed", {"vera", kSecond, "done"}));
    ASSERT_TRUE(batch->commit());
  }
  static std::size_t look(Composer& composer, TimeNs after) {
    const auto handed = composer.look(kStart + after);
    EXPECT_TRUE(handed) << to_text(handed.error());
    return handed.value_or(99);
  }
  std::vector<std::string> waiting() { return spool_.keys("officers", Box::kWaiting); }
  void sent() { ASSERT_TRUE(spool_.end("officers", waiting().front(), Box::kSent)); }
  std::string body(const std::string& key, Box box = Box::kWaiting) {
    const auto read = spool_.read("officers", box, key);
    return read ? read->body : to_text(read.error());
  }

  test::TemporaryDirectory home_;
  NotificationReceiver receiver_;
  Spool spool_{home_.file("notify")};
};

TEST_F(ComposerTest, AStormIsGatheredAndTheIntervalKept) {
  Composer made = composer();
  violations("a", 10'000);
  EXPECT_EQ(look(made, 0), 0U);
  EXPECT_EQ(look(made, 9 * kSecond), 0U);
  EXPECT_EQ(look(made, 10 * kSecond), 1U);
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_THAT(body(waiting().front()), HasSubstr("\"violations\":10000"));
  EXPECT_LT(body(waiting().front()).size(), 32'768U);
  sent();
  violations("b", 1);
  EXPECT_EQ(look(made, 20 * kSecond), 0U);
  EXPECT_EQ(look(made, 69 * kSecond), 0U);  // 59 s since the last one
  EXPECT_EQ(look(made, 70 * kSecond), 1U);
}

TEST_F(ComposerTest, WhileAMessageWaitsTheNextOneGrows) {
  Composer made = composer();
  violations("a", 1);
  look(made, 0);
  EXPECT_EQ(look(made, 10 * kSecond), 1U);
  for (int i = 0; i < 5; ++i) violations(fmt::format("b{}", i), 1);
  look(made, 100 * kSecond);
  EXPECT_EQ(look(made, 1'000 * kSecond), 0U);  // the first one is not settled
  sent();
  EXPECT_EQ(look(made, 1'001 * kSecond), 1U);
  EXPECT_THAT(body(waiting().front()), HasSubstr("\"violations\":5"));
}

TEST_F(ComposerTest, WhatNobodyAskedForIsDropped) {
  receiver_.rules = {"wanted*"};
  Composer made = composer();
  violations("other", 3);
  EXPECT_EQ(look(made, 0), 0U);
  EXPECT_EQ(look(made, 100 * kSecond), 0U);
  violations("wanted-too", 2);
  look(made, 101 * kSecond);
  EXPECT_EQ(look(made, 111 * kSecond), 1U);
  EXPECT_THAT(body(waiting().front()), HasSubstr("\"violations\":2,"));
}

TEST_F(ComposerTest, DeathBetweenMessageAndHandOverTellsOnce) {
  static_cast<void>(composer());
  violations("a", 3);
  {
    Store opened = store();
    auto batch = opened.begin();
    ASSERT_TRUE(policy::make_message(*batch, "gate-1", "officers", kStart));
    ASSERT_TRUE(batch->commit());  // and here it dies
  }
  Composer next = composer();
  look(next, kSecond);
  const auto keys = waiting();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_THAT(body(keys.front()), HasSubstr("\"violations\":3,"));
}

TEST_F(ComposerTest, DeathAfterTheSpoolTellsOnce) {
  static_cast<void>(composer());
  violations("a", 3);
  policy::MessageRow row;
  {
    Store opened = store();
    auto batch = opened.begin();
    row = *policy::make_message(*batch, "gate-1", "officers", kStart);
    ASSERT_TRUE(batch->commit());
  }
  // It was handed over, and sent, before the store heard of it.
  ASSERT_TRUE(
      spool_.put({message_key(kStart, "gate-1", "officers"), "officers", kStart, "t", "as it was sent"}));
  sent();
  Composer next = composer();
  EXPECT_EQ(look(next, 100 * kSecond), 0U);
  EXPECT_TRUE(waiting().empty());
  EXPECT_EQ(body(spool_.keys("officers", Box::kSent).front(), Box::kSent), "as it was sent");
  Store opened = store();
  EXPECT_TRUE(policy::unfinished_messages(opened, "gate-1")->empty());
}

TEST_F(ComposerTest, AMessageOfNothingButClosedViolationsIsNone) {
  Composer made = composer();
  violations("a", 1);
  close(1);
  look(made, 0);
  look(made, 10 * kSecond);
  EXPECT_TRUE(waiting().empty());
  look(made, 100 * kSecond);
  EXPECT_TRUE(waiting().empty());
}

TEST_F(ComposerTest, WhatIsOverdueIsToldToo) {
  Composer made = composer();
  {
    policy::StoreLimits limits;
    limits.due_after.fill(60 * kSecond);
    Store opened = std::move(*Store::open(home_.file("weir.db"), StoreAccess::kWrite, limits));
    auto batch = opened.begin();
    policy::ViolationSighting one;
    one.rule = "a";
    one.subject = "10.0.0.2";
    one.object = "x";
    one.at = kStart;
    ASSERT_TRUE(batch->record(one));
    ASSERT_TRUE(batch->commit());
  }
  look(made, 0);
  EXPECT_EQ(look(made, 10 * kSecond), 1U);
  sent();
  look(made, 121 * kSecond);  // overdue since 61 s; it is looked at each minute
  EXPECT_EQ(look(made, 131 * kSecond), 1U);
  EXPECT_THAT(body(waiting().front()), HasSubstr("\"cause\":\"overdue\""));
  sent();
  look(made, 500 * kSecond);
  EXPECT_EQ(look(made, 600 * kSecond), 0U);
}

TEST_F(ComposerTest, AClockThatWasSetBackKeepsNothingForYears) {
  Composer made = composer();
  violations("a", 1);
  look(made, 1'000'000 * kSecond);
  EXPECT_EQ(look(made, 1'000'010 * kSecond), 1U);
  sent();
  violations("b", 1);
  look(made, 0);
  EXPECT_EQ(look(made, 10 * kSecond), 1U);
}

TEST_F(ComposerTest, ASpoolThatCannotBeWrittenLosesNothing) {
  Composer lost{store(), {receiver_}, "gate-1", Spool{home_.file("missing/notify")}};
  ASSERT_TRUE(lost.begin());
  violations("a", 2);
  EXPECT_FALSE(lost.look(kStart));
  Composer made = composer();
  look(made, 0);
  EXPECT_EQ(look(made, 10 * kSecond), 1U);
  EXPECT_THAT(body(waiting().front()), HasSubstr("\"violations\":2,"));
}

}  // namespace
}  // namespace weir::notify
