// SPDX-License-Identifier: Apache-2.0
#include "policy/store/notify_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/violation_store.h"
#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

using ::testing::ElementsAre;

ViolationSighting sighting(std::string rule, std::string object, Severity severity = Severity::kMedium) {
  ViolationSighting made;
  made.rule = std::move(rule);
  made.section = "web";
  made.action = "block";
  made.severity = severity;
  made.subject = "10.0.0.2";
  made.object = std::move(object);
  made.at = kSecond;
  return made;
}

class NotifyStoreTest : public test::AnyStore {
 protected:
  void SetUp() override {
    AnyStore::SetUp();
    if (!IsSkipped()) begin({});
  }
  void begin(const StoreLimits& limits) {
    store_.reset();
    store_.emplace(open(limits));
  }
  std::int64_t id_of(const std::string& object) {
    const auto all = test::violations(*store_, true, 100);
    for (const Violation& one : all.value_or(std::vector<Violation>{}))
      if (one.object == object) return one.id;
    return 0;
  }
  void close(std::int64_t id) {
    in_batch(*store_, [&](Batch& batch) {
      ASSERT_TRUE(move_violation(batch, id, "confirmed", {"vera", kSecond, "so it is"}));
      ASSERT_TRUE(move_violation(batch, id, "closed", {"vera", kSecond, "done"}));
    });
  }
  void receivers_are(const std::vector<ReceiverRow>& all) {
    const auto set = set_receivers(*store_, all);
    ASSERT_TRUE(set) << to_text(set.error());
  }
  void record(const std::vector<ViolationSighting>& all, bool commit = true) {
    auto batch = store_->begin();
    ASSERT_TRUE(batch);
    for (const ViolationSighting& one : all) {
      const auto kept = batch->record(one);
      ASSERT_TRUE(kept) << to_text(kept.error());
    }
    if (!commit) return;
    ASSERT_TRUE(batch->commit());
  }
  std::vector<std::string> owed(const std::string& receiver) {
    std::vector<std::string> all;
    const auto rules = owed_rules(*store_, receiver);
    EXPECT_TRUE(rules) << to_text(rules.error());
    for (const OwedRule& rule : rules.value_or(std::vector<OwedRule>{}))
      all.push_back(fmt::format("{} {}", rule.rule, rule.violations));
    return all;
  }
  MessageRow message(const std::string& receiver, TimeNs now = 5 * kSecond) {
    auto batch = store_->begin();
    auto made = make_message(*batch, "weir", receiver, now);
    EXPECT_TRUE(made) << to_text(made.error());
    EXPECT_TRUE(batch->commit());
    return *made;
  }
  void forget(const MessageRow& row) {
    auto batch = store_->begin();
    EXPECT_TRUE(forget_message(*batch, row));
    EXPECT_TRUE(batch->commit());
  }

  std::optional<Store> store_;
};

TEST_P(NotifyStoreTest, AViolationIsOwedOnceHoweverOftenItIsSeen) {
  receivers_are({{"officers", Severity::kMedium}});
  record({sighting("a", "x"), sighting("a", "x"), sighting("a", "y"), sighting("b", "x")});
  record({sighting("a", "x")});
  EXPECT_THAT(owed("officers"), ElementsAre("a 2", "b 1"));
}

TEST_P(NotifyStoreTest, OneThatWasClosedIsOwedAgainWhenItComesBack) {
  receivers_are({{"officers", Severity::kMedium}});
  record({sighting("a", "x")});
  close(1);
  record({sighting("a", "x")});
  EXPECT_THAT(owed("officers"), ElementsAre("a 2"));
}

TEST_P(NotifyStoreTest, EachReceiverHasItsSeverity) {
  receivers_are({{"all", Severity::kInfo}, {"urgent", Severity::kCritical}});
  record({sighting("a", "x", Severity::kHigh), sighting("b", "x", Severity::kCritical)});
  EXPECT_THAT(owed("all"), ElementsAre("a 1", "b 1"));
  EXPECT_THAT(owed("urgent"), ElementsAre("b 1"));
}

TEST_P(NotifyStoreTest, NobodyToTellMeansNothingIsWritten) {
  record({sighting("a", "x")});
  receivers_are({{"late", Severity::kInfo}});
  EXPECT_THAT(owed("late"), ElementsAre());
}

TEST_P(NotifyStoreTest, WhatIsRolledBackIsNotOwed) {
  receivers_are({{"officers", Severity::kMedium}});
  record({sighting("a", "x")}, false);
  EXPECT_THAT(owed("officers"), ElementsAre());
}

TEST_P(NotifyStoreTest, WhatAReceiverThatIsGoneWasOwedIsForgotten) {
  receivers_are({{"old", Severity::kInfo}, {"stays", Severity::kInfo}});
  record({sighting("a", "x")});
  static_cast<void>(message("old"));
  record({sighting("a", "y")});
  receivers_are({{"stays", Severity::kHigh}});
  EXPECT_THAT(owed("old"), ElementsAre());
  EXPECT_THAT(owed("stays"), ElementsAre("a 2"));
  EXPECT_TRUE(unfinished_messages(*store_, "weir")->empty());
  record({sighting("a", "z")});
  EXPECT_THAT(owed("stays"), ElementsAre("a 2"));  // its severity is another now
}

TEST_P(NotifyStoreTest, AMessageTakesAllThatIsOwedAndIsFoundUntilItIsForgotten) {
  receivers_are({{"officers", Severity::kMedium}, {"desk", Severity::kMedium}});
  record({sighting("a", "x"), sighting("b", "y", Severity::kHigh)});
  const MessageRow first = message("officers");
  EXPECT_THAT(owed("officers"), ElementsAre());
  EXPECT_THAT(owed("desk"), ElementsAre("a 1", "b 1"));
  record({sighting("c", "z")});
  EXPECT_THAT(owed("officers"), ElementsAre("c 1"));

  const auto unfinished = unfinished_messages(*store_, "weir");
  ASSERT_EQ(unfinished->size(), 1U);
  EXPECT_EQ(unfinished->front().made, 5 * kSecond);
  EXPECT_TRUE(unfinished_messages(*store_, "other")->empty());
  EXPECT_EQ(content_of(*store_, first, 10, 10)->violations, 2U);
  EXPECT_EQ(owed_count(*store_, "officers"), 3U);  // one in no message
  forget(first);
  EXPECT_EQ(owed_count(*store_, "officers"), 1U);
  EXPECT_TRUE(unfinished_messages(*store_, "weir")->empty());
  EXPECT_EQ(content_of(*store_, first, 10, 10)->violations, 0U);
  const auto rows = receivers(*store_);
  EXPECT_EQ(rows->at(1).name, "officers");
  EXPECT_EQ(rows->at(1).last_message, 5 * kSecond);
  EXPECT_EQ(rows->at(1).messages, 1U);
}

TEST_P(NotifyStoreTest, TheContentIsGroupedOrderedAndCut) {
  receivers_are({{"officers", Severity::kInfo}});
  std::vector<ViolationSighting> all;
  for (int i = 0; i < 30; ++i) all.push_back(sighting("many", fmt::format("host-{}", i), Severity::kLow));
  all.push_back(sighting("bad", "x", Severity::kCritical));
  all.push_back(sighting("bad", "x", Severity::kCritical));
  all.push_back(sighting("other", "y", Severity::kLow));
  all.back().subject = "10.0.0.3";
  record(all);
  close(id_of("host-0"));
  const auto content = content_of(*store_, message("officers"), 2, 5);
  ASSERT_TRUE(content) << to_text(content.error());
  EXPECT_EQ(content->violations, 31U);
  EXPECT_EQ(content->left_out, 1U);
  ASSERT_EQ(content->rules.size(), 2U);
  EXPECT_EQ(content->rules[0].rule, "bad");
  EXPECT_EQ(content->rules[0].severity, Severity::kCritical);
  EXPECT_EQ(content->rules[0].violations, 1U);
  EXPECT_EQ(content->rules[0].sightings, 2U);
  EXPECT_EQ(content->rules[1].rule, "many");
  EXPECT_EQ(content->rules[1].violations, 29U);
  EXPECT_EQ(content->rules[1].subjects, 1U);
  ASSERT_EQ(content->first.size(), 5U);
  EXPECT_EQ(content->first[0].violation.rule, "bad");
  EXPECT_EQ(content->first[0].violation.count, 2U);
}

TEST_P(NotifyStoreTest, AFullTableLosesTheOldestAndSaysSo) {
  StoreLimits limits;
  limits.notifications = 3;
  begin(limits);
  receivers_are({{"officers", Severity::kInfo}});
  record(
      {sighting("a", "1"), sighting("a", "2"), sighting("b", "3"), sighting("b", "4"), sighting("b", "5")});
  EXPECT_THAT(owed("officers"), ElementsAre("b 3"));
  EXPECT_EQ(store_->engine_state()->at("notifications_evicted"), 2);
}

TEST_P(NotifyStoreTest, RulesThatNobodyAskedForAreDropped) {
  receivers_are({{"officers", Severity::kInfo}});
  record({sighting("a", "1"), sighting("b", "2")});
  auto batch = store_->begin();
  ASSERT_TRUE(drop_owed(*batch, "officers", "a"));
  ASSERT_TRUE(batch->commit());
  EXPECT_THAT(owed("officers"), ElementsAre("b 1"));
}

TEST_P(NotifyStoreTest, OneThatBecomesMoreSevereIsNewToThoseWhoAreToldFromThere) {
  receivers_are({{"all", Severity::kInfo}, {"urgent", Severity::kHigh}});
  record({sighting("a", "x", Severity::kLow)});
  EXPECT_THAT(owed("urgent"), ElementsAre());
  record({sighting("a", "x", Severity::kCritical), sighting("a", "x", Severity::kLow)});
  record({sighting("a", "x", Severity::kCritical)});
  EXPECT_THAT(owed("urgent"), ElementsAre("a 1"));
  EXPECT_THAT(owed("all"), ElementsAre("a 1"));
}

TEST_P(NotifyStoreTest, WhatIsOverdueIsToldOnce) {
  StoreLimits limits;
  limits.due_after.fill(100 * kSecond);
  begin(limits);
  receivers_are({{"officers", Severity::kMedium}});
  record({sighting("a", "x"), sighting("b", "y"), sighting("c", "z", Severity::kLow)});
  close(id_of("y"));
  forget(message("officers"));
  const auto overdue = [&](TimeNs now, std::uint32_t most = 10) {
    std::uint64_t count = 99;
    in_batch(*store_, [&](Batch& batch) { count = owe_overdue(batch, now, most).value_or(99); });
    return count;
  };
  EXPECT_EQ(overdue(101 * kSecond), 0U);  // they were first seen at 1 s
  EXPECT_EQ(overdue(101 * kSecond + 1, 1), 1U);
  EXPECT_EQ(overdue(101 * kSecond + 1), 1U);
  EXPECT_EQ(overdue(200 * kSecond), 0U);
  EXPECT_THAT(owed("officers"), ElementsAre("a 1"));  // not the closed one, nor one that is too low
  const auto content = content_of(*store_, message("officers"), 5, 5);
  EXPECT_EQ(content->rules.at(0).cause, NotificationCause::kOverdue);
  EXPECT_EQ(content->first.at(0).cause, NotificationCause::kOverdue);
}

WEIR_ON_EVERY_DATABASE(NotifyStoreTest);

}  // namespace
}  // namespace weir::policy
