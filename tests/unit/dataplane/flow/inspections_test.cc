// SPDX-License-Identifier: Apache-2.0
#include "dataplane/flow/inspections.h"

#include <gtest/gtest.h>

namespace weir::dataplane {
namespace {

class InspectionsTest : public ::testing::Test {
 protected:
  std::uint32_t open() {
    FlowKey key;
    key.low_port = ++opened_;
    return flows_.create(key, hash_of(key, 1));
  }
  FlowTable flows_{256, 1};
  std::uint16_t opened_ = 0;
};

TEST_F(InspectionsTest, IsMadeOnceAndGoesWithItsFlow) {
  Inspections pool(flows_, 4);
  const std::uint32_t slot = open();
  EXPECT_EQ(pool.of(slot), nullptr);
  Inspection* first = pool.ensure(slot);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->slot, slot);
  first->skip_active = 1;
  EXPECT_EQ(pool.ensure(slot), first);
  EXPECT_EQ(pool.count(), 1U);
  pool.release(slot);
  pool.release(slot);
  EXPECT_EQ(pool.of(slot), nullptr);
  EXPECT_EQ(pool.count(), 0U);
  EXPECT_EQ(pool.ensure(slot)->skip_active, 0) << "a new one is clean";
}

TEST_F(InspectionsTest, FloodOfFlowsTakesTurnsInAFullPool) {
  Inspections pool(flows_, 4);
  const std::uint32_t waiting = open();
  pool.ensure(waiting)->parked_count = 1;
  for (int i = 0; i < 100; ++i) ASSERT_NE(pool.ensure(open()), nullptr);
  EXPECT_EQ(pool.count(), 4U);
  ASSERT_NE(pool.of(waiting), nullptr) << "what waits keeps its place";
  EXPECT_EQ(pool.of(waiting)->parked_count, 1);
  std::uint32_t live = 0;
  for (std::uint32_t slot = 0; slot < flows_.capacity(); ++slot) {
    if (flows_.hot(slot).state == FlowState::kFree || pool.of(slot) == nullptr) continue;
    EXPECT_EQ(pool.of(slot)->slot, slot);
    ++live;
  }
  EXPECT_EQ(live, 4U);
}

TEST_F(InspectionsTest, SkipIsGivenUpOnlyWhenNothingElseCanBe) {
  Inspections pool(flows_, 2);
  const std::uint32_t skipping = open();
  pool.ensure(skipping)->skip_active = 1;
  const std::uint32_t idle = open();
  static_cast<void>(pool.ensure(idle));
  const std::uint32_t next = open();
  ASSERT_NE(pool.ensure(next), nullptr);
  EXPECT_NE(pool.of(skipping), nullptr);
  EXPECT_EQ(pool.of(idle), nullptr);
  pool.of(next)->parked_count = 1;
  ASSERT_NE(pool.ensure(idle), nullptr);
  EXPECT_EQ(pool.of(skipping), nullptr);
}

TEST_F(InspectionsTest, SaysNoWhenEverythingLookedAtWaits) {
  Inspections pool(flows_, 2 * kReclaimLooksMax);
  for (std::uint32_t i = 0; i < 2 * kReclaimLooksMax; ++i) pool.ensure(open())->parked_count = 1;
  const std::uint32_t late = open();
  EXPECT_EQ(pool.ensure(late), nullptr);
  EXPECT_EQ(pool.of(late), nullptr);
  EXPECT_EQ(pool.count(), 2 * kReclaimLooksMax);
}

TEST_F(InspectionsTest, FloodOfHalfOpenFlowsLeavesTheOthersAlone) {
  Inspections pool(flows_, 4);
  const std::uint32_t answered = open();
  pool.promote(*pool.ensure(answered));
  for (int i = 0; i < 100; ++i) ASSERT_NE(pool.ensure(open()), nullptr);
  EXPECT_NE(pool.of(answered), nullptr);
  pool.release(answered);
  EXPECT_EQ(pool.count(), 3U);
}

TEST_F(InspectionsTest, AnsweredFlowsTakeTurnsWhenTheyAreAllThereIs) {
  Inspections pool(flows_, 4);
  for (int i = 0; i < 100; ++i) {
    Inspection* place = pool.ensure(open());
    ASSERT_NE(place, nullptr);
    pool.promote(*place);
  }
  EXPECT_EQ(pool.count(), 4U);
}

}  // namespace
}  // namespace weir::dataplane
