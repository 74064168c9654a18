// SPDX-License-Identifier: Apache-2.0
// What subjects used of quotas, in the store.
#include <gtest/gtest.h>

#include "policy/store/store.h"
#include "tests/support/any_store.h"

namespace weir::policy {
namespace {

constexpr TimeNs kDay = 86'400 * kSecond;

class StoredQuotas : public test::AnyStore {
 protected:
  static void use(Store& store, const std::string& rule, const std::string& subject, std::int64_t day,
                  const QuotaUse& used, TimeNs told = 0, bool owed = false) {
    in_batch(store, [&](Batch& batch) {
      auto record = batch.quota(rule, subject, day * kDay, (day + 1) * kDay);
      ASSERT_TRUE(record) << to_text(record.error());
      record->used = used;
      record->last_used = day * kDay + 1;
      record->told = told;
      record->fact_owed = owed;
      record->percent_said = 80;
      ASSERT_TRUE(batch.put(*record));
    });
  }
  static std::vector<QuotaRecord> all(Store& store) { return store.quotas({}, 1'000).value(); }
  /// Subjects about whom something is owed, in order; they are told at `now`.
  static std::string taken(Store& store, TimeNs now = kDay, std::uint32_t count = 100) {
    std::string subjects;
    in_batch(store, [&](Batch& batch) {
      const auto owed = batch.take_owed(count, now);
      ASSERT_TRUE(owed) << to_text(owed.error());
      for (const QuotaRecord& one : *owed) subjects += one.subject + " ";
    });
    return subjects;
  }
};

TEST_P(StoredQuotas, ARuleASubjectAndAPeriodAreOneRecord) {
  Store store = open();
  use(store, "video", "anna@EXAMPLE.COM", 1, {10, 60, 2, 1}, 5, true);
  use(store, "video", "anna@EXAMPLE.COM", 2, {20, 120, 3, 1});
  use(store, "video", "10.0.0.2", 1, {30, 0, 0, 0});
  use(store, "games", "all", 1, {40, 0, 0, 0});
  use(store, "video", "anna@EXAMPLE.COM", 1, {11, 120, 2, 1}, 6, true);
  const auto records = all(store);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].rule, "games");
  EXPECT_EQ(records[1].subject, "10.0.0.2");
  EXPECT_EQ(records[2].begins, 2 * kDay) << "the newest period first";
  EXPECT_EQ(records[3].used, (QuotaUse{11, 120, 2, 1}));
  EXPECT_EQ(records[3].ends, 2 * kDay);
  EXPECT_EQ(records[3].told, 6);
  EXPECT_EQ(records[3].percent_said, 80U);
  EXPECT_TRUE(records[3].fact_owed);
  EXPECT_EQ(store.quotas({"video", "", 0}, 10).value().size(), 3U);
  EXPECT_EQ(store.quotas({"", "anna@EXAMPLE.COM", 0}, 10).value().size(), 2U);
  EXPECT_EQ(store.quotas({"video", "anna@EXAMPLE.COM", 2 * kDay}, 10).value().size(), 1U);
  EXPECT_EQ(store.quotas({}, 2).value().size(), 2U);
}

TEST_P(StoredQuotas, WhatIsNotCommittedWasNotUsed) {
  Store store = open();
  {
    auto batch = store.begin();
    ASSERT_TRUE(batch->quota("video", "all", 0, kDay));
    ASSERT_EQ(batch->add_to_minute("video", "all", 1, 100).value(), 100U);
  }
  EXPECT_TRUE(all(store).empty());
  in_batch(store, [](Batch& batch) { EXPECT_EQ(batch.add_to_minute("video", "all", 1, 100).value(), 100U); });
}

TEST_P(StoredQuotas, MinutesAreSummedInAnyOrder) {
  Store store = open();
  in_batch(store, [](Batch& batch) {
    EXPECT_EQ(batch.add_to_minute("video", "all", 5, 100).value(), 100U);
    EXPECT_EQ(batch.add_to_minute("video", "all", 7, 100).value(), 100U);
    EXPECT_EQ(batch.add_to_minute("video", "all", 5, 50).value(), 150U);
    EXPECT_EQ(batch.add_to_minute("video", "10.0.0.2", 5, 1).value(), 1U);
    EXPECT_EQ(batch.add_to_minute("games", "all", 5, 2).value(), 2U);
  });
}

TEST_P(StoredQuotas, AFullTableLetsThePeriodsGoThatEndedLongestAgo) {
  Store store = open({.quotas = 2});
  use(store, "video", "new", 3, {1, 0, 0, 0});
  use(store, "video", "old", 1, {1, 0, 0, 0});
  EXPECT_EQ(all(store).size(), 2U);
  use(store, "video", "newer", 4, {1, 0, 0, 0});
  const auto left = all(store);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].subject, "new");
  EXPECT_EQ(left[1].subject, "newer");
  EXPECT_EQ(store.engine_state().value().at("quotas_evicted"), 1);
}

TEST_P(StoredQuotas, OldMinutesMakeRoomAndCountAnewAfterwards) {
  Store store = open({.quota_minutes = 2});
  for (const std::int64_t minute : {1, 3, 1, 2})
    in_batch(store, [&](Batch& batch) { ASSERT_TRUE(batch.add_to_minute("video", "all", minute, 100)); });
  in_batch(store, [](Batch& batch) {
    EXPECT_EQ(batch.add_to_minute("video", "all", 3, 1).value(), 101U);
    EXPECT_EQ(batch.add_to_minute("video", "all", 2, 1).value(), 101U);
    EXPECT_EQ(batch.add_to_minute("video", "all", 1, 1).value(), 1U);
  });
  EXPECT_EQ(store.engine_state().value().count("quota_minutes_evicted"), 0U) << "nothing is lost by it";
}

TEST_P(StoredQuotas, OwedFactsAreTakenOnceInStepsAndComeBackWithoutACommit) {
  Store store = open();
  EXPECT_FALSE(store.owes_facts().value());
  for (const char* subject : {"a", "b", "c"}) use(store, "video", subject, 1, {1, 0, 0, 0}, 0, true);
  use(store, "video", "quiet", 1, {1, 0, 0, 0});
  EXPECT_TRUE(store.owes_facts().value());
  {
    auto batch = store.begin();
    ASSERT_EQ(batch->take_owed(10, 5).value().size(), 3U);
  }
  EXPECT_EQ(taken(store, 77, 2), "a b ");
  EXPECT_TRUE(store.owes_facts().value());
  EXPECT_EQ(taken(store, 78, 2), "c ");
  EXPECT_FALSE(store.owes_facts().value());
  EXPECT_EQ(taken(store), "");
  EXPECT_EQ(store.quotas({"", "b", 0}, 1).value().at(0).told, 77);
}

TEST_P(StoredQuotas, FactsAreOwedToWhomItConcerns) {
  Store store = open();
  use(store, "video", "much", 1, {800, 0, 0, 0});
  use(store, "video", "little", 1, {799, 59, 9, 9});
  use(store, "video", "long", 1, {0, 60, 0, 0});
  use(store, "video", "often", 1, {0, 0, 10, 0});
  use(store, "video", "told", 1, {1, 0, 0, 0}, 3);
  use(store, "video", "mailed", 1, {0, 0, 0, 1'000'000});
  use(store, "video", "ended", 0, {800, 0, 0, 0});
  use(store, "games", "other", 1, {800, 0, 0, 0});
  in_batch(store, [](Batch& batch) { ASSERT_TRUE(batch.owe_facts("video", {800, 60, 10, 0}, kDay)); });
  EXPECT_EQ(taken(store), "much long often told ");
}

TEST_P(StoredQuotas, ForgivingEmptiesThePeriodThatRunsAndOwesTheFact) {
  Store store = open();
  use(store, "video", "anna", 1, {800, 60, 1, 1}, 3);
  use(store, "video", "anna", 0, {900, 60, 1, 1}, 3);
  use(store, "video", "ben", 1, {700, 60, 1, 1}, 3);
  in_batch(store, [](Batch& batch) {
    EXPECT_EQ(batch.forgive("video", "anna", kDay + 5).value().used.bytes, 800U);
    EXPECT_EQ(batch.forgive("video", "nobody", kDay + 5).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(batch.forgive("video", "anna", 9 * kDay).error().code, ErrorCode::kNotFound);
  });
  const auto anna = store.quotas({"video", "anna", 0}, 10).value();
  ASSERT_EQ(anna.size(), 2U);
  EXPECT_EQ(anna[0].used, QuotaUse{});
  EXPECT_EQ(anna[0].percent_said, 0U);
  EXPECT_EQ(anna[1].used.bytes, 900U) << "yesterday stays";
  EXPECT_EQ(store.quotas({"video", "ben", 0}, 10).value().at(0).used.bytes, 700U);
  EXPECT_EQ(taken(store), "anna ");
}

TEST_P(StoredQuotas, ChangingNeedsAStoreThatIsThere) {
  EXPECT_EQ(Store::open(where(), StoreAccess::kChange).error().code, ErrorCode::kUnavailable);
  {
    Store store = open();
    use(store, "video", "anna", 1, {800, 60, 1, 1});
  }
  Store change = Store::open(where(), StoreAccess::kChange).value();
  in_batch(change, [](Batch& batch) { EXPECT_TRUE(batch.forgive("video", "anna", kDay)); });
  EXPECT_EQ(all(change).at(0).used, QuotaUse{});
}

WEIR_ON_EVERY_DATABASE(StoredQuotas);

}  // namespace
}  // namespace weir::policy
