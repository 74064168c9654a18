// SPDX-License-Identifier: Apache-2.0
#include "policy/model/quota_table.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

QuotaFact fact(const std::string& subject, TimeNs ends, std::uint64_t bytes) {
  return {"budget", subject, ends, {.bytes = bytes}};
}

TEST(QuotaTable, ALaterFactTakesThePlaceOfTheOneBefore) {
  QuotaTable table;
  EXPECT_TRUE(table.learn(fact("a", 100, 1), 0));
  EXPECT_TRUE(table.learn(fact("a", 100, 2), 0));
  EXPECT_TRUE(table.learn({"other", "a", 100, {.bytes = 9}}, 0));
  ASSERT_NE(table.find("budget", "a", 50), nullptr);
  EXPECT_EQ(table.find("budget", "a", 50)->used.bytes, 2U);
  EXPECT_EQ(table.find("budget", "b", 50), nullptr);
  EXPECT_EQ(table.size(), 2U);
}

TEST(QuotaTable, AFactIsVoidAfterItsPeriod) {
  QuotaTable table;
  EXPECT_TRUE(table.learn(fact("a", 100, 1), 0));
  EXPECT_NE(table.find("budget", "a", 99), nullptr);
  EXPECT_EQ(table.find("budget", "a", 100), nullptr);
  EXPECT_TRUE(table.learn(fact("b", 100, 1), 100));
  EXPECT_EQ(table.size(), 1U) << "what was over when it was said is not kept";
}

TEST(QuotaTable, HasALimitAndMakesRoomOfWhatIsOver) {
  QuotaTable table{2};
  EXPECT_TRUE(table.learn(fact("a", 100, 1), 0));
  EXPECT_TRUE(table.learn(fact("b", 200, 1), 0));
  EXPECT_FALSE(table.learn(fact("c", 300, 1), 50));
  EXPECT_TRUE(table.learn(fact("b", 200, 5), 50)) << "it has its place";
  EXPECT_TRUE(table.learn(fact("c", 300, 1), 150));
  EXPECT_EQ(table.size(), 2U);
  EXPECT_NE(table.find("budget", "b", 150), nullptr);
  EXPECT_NE(table.find("budget", "c", 150), nullptr);
}

}  // namespace
}  // namespace weir
