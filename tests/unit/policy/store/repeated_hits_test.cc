// SPDX-License-Identifier: Apache-2.0
// A hit that is said again, by the classifier after the one that said it, is counted once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/store/violation_store.h"
#include "tests/support/any_store.h"
#include "tests/support/stored_violations.h"

namespace weir::policy {
namespace {

using ::testing::IsEmpty;

class RepeatedHits : public test::AnyStore {
 protected:
  static ViolationSighting hit(const std::string& flow, TimeNs at,
                               const std::string& object = "bet.example") {
    ViolationSighting one{"no-gambling", "web",  "block", false, Severity::kMedium,
                          "10.0.0.2",    object, flow,    7,     at};
    one.once_a_flow = true;
    return one;
  }
  static void see(Store& store, const ViolationSighting& seen) {
    in_batch(store, [&](Batch& batch) { ASSERT_TRUE(batch.record(seen)); });
  }
  static std::int64_t only(Store& store) { return test::violations(store, true, 1).value().at(0).id; }
};

TEST_P(RepeatedHits, AFlowWhoseHitIsSaidAgainCountsOnce) {
  Store store = open();
  const auto count = [&] { return store.violation(only(store)).value().count; };
  in_batch(store, [&](Batch& batch) {
    for (const TimeNs at : {1, 2}) ASSERT_TRUE(batch.record(hit("a", at)));  // within a transaction
    ASSERT_TRUE(batch.record(hit("b", 3)));
  });
  EXPECT_EQ(count(), 2U);
  see(store, hit("a", 4));  // after it
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(store.violation(only(store)).value().last_seen, 4);
  see(store, hit("c", 5));
  see(store, hit("a", 6, "dice.example"));
  const auto count_of = [&](const std::string& object) {
    std::uint64_t seen = 0;
    const auto all = test::violations(store, true, 10);
    for (const Violation& one : *all) seen += one.object == object ? one.count : 0;
    return seen;
  };
  EXPECT_EQ(count_of("bet.example"), 3U);
  EXPECT_EQ(count_of("dice.example"), 1U) << "another object is another violation";

  ViolationSighting found = hit("a", 7);
  found.once_a_flow = false;
  see(store, found);
  EXPECT_EQ(count_of("bet.example"), 4U) << "what a detector finds may have the same flow twice";
}

TEST_P(RepeatedHits, WhatWasClosedIsNotOpenedByAFlowThatItCounted) {
  Store store = open();
  see(store, hit("a", 1));
  const std::int64_t id = only(store);
  in_batch(store, [&](Batch& batch) {
    for (const char* state : {"justified", "closed"})
      ASSERT_TRUE(move_violation(batch, id, state, {"vera", 50, "looked at it"}));
  });
  see(store, hit("a", 60));
  EXPECT_THAT(test::violations(store, true, 10).value(), IsEmpty());
  see(store, hit("another", 61));
  EXPECT_EQ(store.violation(only(store)).value().follows, id);
}

WEIR_ON_EVERY_DATABASE(RepeatedHits);

}  // namespace
}  // namespace weir::policy
