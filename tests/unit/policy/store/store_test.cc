// SPDX-License-Identifier: Apache-2.0
#include "policy/store/store.h"

#include <gtest/gtest.h>

#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

class StoreTest : public test::AnyStore {
 protected:
  static ViolationSighting sighting(const std::string& object, TimeNs at, const std::string& flow = "f") {
    return {"no-gambling", "web", "block", false, Severity::kMedium, "10.0.0.2", object, flow, 7, at};
  }
  static bool applied(Store& store, std::uint64_t sequence, std::uint64_t boot = 1) {
    bool first = false;
    in_batch(store, [&](Batch& batch) { first = batch.first_time({"weir", boot, 0, sequence}, 5).value(); });
    return first;
  }
};

TEST_P(StoreTest, SameRuleSubjectAndObjectIsOneRow) {
  Store store = open();
  in_batch(store, [](Batch& batch) {
    ViolationSighting seen = sighting("bet.example", 200, "f1");
    ASSERT_TRUE(batch.record(seen));
    seen.severity = Severity::kCritical;
    seen.at = 300;
    seen.flow_id = "f2";
    seen.revision = 8;
    ASSERT_TRUE(batch.record(seen));
    seen.severity = Severity::kLow;
    seen.at = 100;
    seen.flow_id = "f3";
    ASSERT_TRUE(batch.record(seen));
    ASSERT_TRUE(batch.record(sighting("dice.example", 50)));
  });
  const auto all = test::violations(store, true, 10).value();
  ASSERT_EQ(all.size(), 2U);
  const Violation one = store.violation(all[0].id).value();
  EXPECT_EQ(one.object, "bet.example");
  EXPECT_EQ(one.count, 3U);
  EXPECT_EQ(one.severity, Severity::kCritical);
  EXPECT_EQ(one.first_seen, 100);
  EXPECT_EQ(one.last_seen, 300);
  EXPECT_EQ(one.revision, 8U);
  EXPECT_EQ(one.state, "new");
  EXPECT_EQ(one.section, "web");
  EXPECT_EQ(one.evidence, (std::vector<std::string>{"f2", "f1", "f3"}));
  EXPECT_EQ(store.violation(99).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreTest, EvidenceIsBoundedAndKeepsTheNewest) {
  Store store = open({.evidence_flows = 3});
  in_batch(store, [](Batch& batch) {
    for (int i = 1; i <= 6; ++i)
      ASSERT_TRUE(batch.record(sighting("bet.example", i, "f" + std::to_string(i))));
  });
  const Violation one = store.violation(test::violations(store, true, 1).value().at(0).id).value();
  EXPECT_EQ(one.count, 6U);
  EXPECT_EQ(one.evidence, (std::vector<std::string>{"f6", "f5", "f4"}));
}

TEST_P(StoreTest, TooManyObjectsOfOneRuleAndSubjectAreCountedTogether) {
  Store store = open({.objects_per_rule_and_subject = 2});
  in_batch(store, [](Batch& batch) {
    for (const char* object : {"a", "b", "c", "d", "a"}) ASSERT_TRUE(batch.record(sighting(object, 1)));
  });
  std::map<std::string, std::uint64_t> counts;
  const auto all = test::violations(store, true, 10).value();
  for (const Violation& one : all) counts[one.object] = one.count;
  EXPECT_EQ(counts, (std::map<std::string, std::uint64_t>{{"a", 2}, {"b", 1}, {kOtherObjects, 2}}));
}

TEST_P(StoreTest, AFullViolationTableLetsTheLongestUnseenGoAndSaysSo) {
  Store store = open({.violations = 2});
  in_batch(store, [](Batch& batch) {
    for (const auto& [object, at] : {std::pair{"a", 3}, {"b", 1}, {"c", 2}}) {
      ASSERT_TRUE(batch.record(sighting(object, at)));
    }
  });
  const auto all = test::violations(store, true, 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].object, "a");
  EXPECT_EQ(all[1].object, "c");
  EXPECT_EQ(store.engine_state().value().at("violations_evicted"), 1);
}

TEST_P(StoreTest, EveryEventIsNewOnceInAnyOrder) {
  Store store = open();
  for (const std::uint64_t fresh : {1U, 2U, 5U, 3U, 9U, 7U, 4U, 8U, 6U}) {
    EXPECT_TRUE(applied(store, fresh)) << fresh;
    EXPECT_FALSE(applied(store, fresh)) << fresh;
  }
  for (std::uint64_t old = 1; old <= 9; ++old) EXPECT_FALSE(applied(store, old)) << old;
  EXPECT_EQ(store.missing_events().value(), 0);
  EXPECT_TRUE(applied(store, 1, 2)) << "another boot counts by itself";
  EXPECT_TRUE(applied(store, 12));
  EXPECT_EQ(store.missing_events().value(), 2);
}

TEST_P(StoreTest, ASequenceFromTheEndOfTheRangeIsHandled) {
  Store store = open();
  EXPECT_TRUE(applied(store, INT64_MAX));
  EXPECT_TRUE(applied(store, 1));
  EXPECT_FALSE(applied(store, 1));
  EXPECT_FALSE(applied(store, INT64_MAX));
  EXPECT_GT(store.missing_events().value(), 1'000'000'000);
}

TEST_P(StoreTest, TooManyGapsGiveUpTheOldestAndCountItLost) {
  Store store = open({.gaps_per_source = 2});
  for (const std::uint64_t sequence : {3U, 5U, 7U}) EXPECT_TRUE(applied(store, sequence));
  EXPECT_FALSE(applied(store, 1)) << "given up";
  EXPECT_TRUE(applied(store, 4));
  EXPECT_TRUE(applied(store, 6));
  EXPECT_EQ(store.engine_state().value().at("events_lost"), 2);
}

TEST_P(StoreTest, TooManySourcesLetTheLongestSilentGo) {
  Store store = open({.sources = 2});
  in_batch(store, [](Batch& batch) {
    for (std::uint64_t boot = 1; boot <= 3; ++boot) {
      EXPECT_TRUE(batch.first_time({"weir", boot, 0, 1}, static_cast<TimeNs>(boot)).value());
    }
  });
  EXPECT_FALSE(applied(store, 1, 3));
  EXPECT_FALSE(applied(store, 1, 2));
  EXPECT_EQ(store.engine_state().value().at("sources_evicted"), 1);
}

TEST_P(StoreTest, WhatIsNotCommittedNeverHappened) {
  Store store = open();
  {
    auto batch = store.begin();
    ASSERT_TRUE(batch->first_time({"weir", 1, 0, 1}, 1).value());
    ASSERT_TRUE(batch->record(sighting("bet.example", 1)));
  }
  EXPECT_TRUE(test::violations(store, false, 10).value().empty());
  EXPECT_TRUE(applied(store, 1));
}

TEST_P(StoreTest, SoftwareKeepsItsStateWhenNobodyCanJudge) {
  Store store = open();
  SoftwareSighting seen{"10.0.0.2", "firefox", "115.0", "user-agent: x", "f1", SoftwareState::kAuthorised,
                        10};
  in_batch(store, [&](Batch& batch) {
    ASSERT_TRUE(batch.record(seen));
    seen.state = std::nullopt;
    seen.at = 20;
    seen.flow_id = "f2";
    ASSERT_TRUE(batch.record(seen));
    seen.client = "10.0.0.3";
    ASSERT_TRUE(batch.record(seen));
  });
  const auto all = store.software("", 10).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].state, SoftwareState::kAuthorised);
  EXPECT_EQ(all[0].count, 2U);
  EXPECT_EQ(all[0].first_seen, 10);
  EXPECT_EQ(all[0].last_seen, 20);
  EXPECT_EQ(all[0].flow_id, "f2");
  EXPECT_EQ(all[1].state, SoftwareState::kUnknown);
  EXPECT_EQ(store.software("10.0.0.3", 10).value().size(), 1U);
  EXPECT_EQ(store.software("", 1).value().size(), 1U);
}

TEST_P(StoreTest, SoftwareRowsAndVersionsAreBounded) {
  Store store = open({.software = 4, .versions_per_product = 2});
  SoftwareSighting seen{"10.0.0.2", "firefox", "", "", "f", std::nullopt, 0};
  in_batch(store, [&](Batch& batch) {
    for (const char* version : {"1", "2", "3", "4"}) {
      seen.version = version;
      ++seen.at;
      ASSERT_TRUE(batch.record(seen));
    }
  });
  EXPECT_EQ(store.software("", 10).value().size(), 3U);
  in_batch(store, [&](Batch& batch) {
    for (const char* client : {"10.0.0.3", "10.0.0.4"}) {
      seen.client = client;
      ++seen.at;
      ASSERT_TRUE(batch.record(seen));
    }
  });
  const auto all = store.software("", 10).value();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].version, kOtherObjects) << "version 1 was the longest unseen";
  EXPECT_EQ(store.engine_state().value().at("software_evicted"), 1);
}

TEST_P(StoreTest, FlowsAreFoundByIdAndByEndsAndBounded) {
  Store store = open({.flows = 2});
  in_batch(store, [](Batch& batch) {
    for (std::uint16_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(batch.record(
          FlowRecord{"f" + std::to_string(i), i, "10.0.0.2", i, "192.0.2.1", 443, kProtocolTcp, "{}"}));
    }
  });
  EXPECT_EQ(store.flow("f1").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(store.flow("f3").value().initiator_port, 3);
  FiveTuple back{*IpAddress::parse("192.0.2.1"), *IpAddress::parse("10.0.0.2"), 443, 2, kProtocolTcp};
  EXPECT_EQ(store.flow(back).value().flow_id, "f2");
  back.protocol = kProtocolUdp;
  EXPECT_EQ(store.flow(back).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreTest, HostileTextIsCutAndCleaned) {
  Store store = open();
  const std::string nasty = std::string{"a\0b\n'); DROP TABLE violations;--", 32} + std::string(5'000, 'x');
  in_batch(store, [&](Batch& batch) { ASSERT_TRUE(batch.record(sighting(nasty, 1))); });
  const auto all = test::violations(store, true, 10).value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].object.size(), kStoreTextBytesMax);
  EXPECT_TRUE(all[0].object.starts_with("ab'); DROP TABLE"));
}

TEST_P(StoreTest, ReopeningKeepsAllAndOpeningForReadingChangesNothing) {
  EXPECT_EQ(Store::open(where(), StoreAccess::kRead).error().code, ErrorCode::kUnavailable);
  {
    Store store = open();
    in_batch(store, [](Batch& batch) { ASSERT_TRUE(batch.record(sighting("bet.example", 1))); });
  }
  Store reader = Store::open(where(), StoreAccess::kRead).value();
  EXPECT_EQ(test::violations(reader, true, 10).value().size(), 1U);
  {
    auto batch = reader.begin();
    ASSERT_TRUE(batch);
    EXPECT_FALSE(batch->count("x", 1));
  }
  EXPECT_EQ(test::violations(open(), true, 10).value().size(), 1U);
}

WEIR_ON_EVERY_DATABASE(StoreTest);

}  // namespace
}  // namespace weir::policy
