// SPDX-License-Identifier: Apache-2.0
// What a single use does to a sum; without Redis and store.
#include "policy/engine/quota_ledger.h"

#include <gtest/gtest.h>

#include "policy/lang/compile.h"

namespace weir::policy {
namespace {

constexpr TimeNs kNow = 1'000 * kSecond;

QuotaRecord used(std::uint64_t flows, std::uint32_t percent_said = 0, TimeNs told = 0) {
  QuotaRecord record;
  record.used.flows = flows;
  record.percent_said = percent_said;
  record.told = told;
  return record;
}
QuotaStep more_flows(const QuotaRecord& record, std::uint64_t flows, TimeNs now = kNow) {
  return advance(record, {0, 0, flows, 0}, false, {0, 0, 100, 0}, now);
}

TEST(QuotaStep, BelowTheWarningNobodyHearsOfIt) {
  const QuotaStep step = more_flows(used(0), 79);
  EXPECT_EQ(step.record.used, (QuotaUse{0, 0, 79, 0}));
  EXPECT_EQ(step.percent_crossed, 0U);
  EXPECT_FALSE(step.record.fact_owed);
}

TEST(QuotaStep, TheWarningAndTheEndAreSaidOnceAPeriod) {
  const QuotaStep warning = more_flows(used(79), 1);
  EXPECT_EQ(warning.percent_crossed, 80U);
  EXPECT_TRUE(warning.record.fact_owed);
  EXPECT_EQ(more_flows(warning.record, 1).percent_crossed, 0U);
  const QuotaStep end = more_flows(warning.record, 20);
  EXPECT_EQ(end.percent_crossed, 100U);
  EXPECT_TRUE(end.record.fact_owed);
  EXPECT_EQ(more_flows(end.record, 1).percent_crossed, 0U);
  EXPECT_EQ(more_flows(used(0), 100).percent_crossed, 100U) << "past the warning at once";
}

TEST(QuotaStep, ALowerLimitIsSaidWithTheNextUseAndAHigherOneNotAgain) {
  EXPECT_EQ(more_flows(used(150), 1).percent_crossed, 100U);
  EXPECT_EQ(more_flows(used(85, 100), 1).percent_crossed, 0U);
  EXPECT_TRUE(more_flows(used(99, 100, kNow), 1).record.fact_owed) << "and a classifier hears it at once";
}

TEST(QuotaStep, WhileItGrowsAFactIsOwedNowAndThen) {
  EXPECT_FALSE(more_flows(used(85, 80, kNow), 1).record.fact_owed);
  EXPECT_FALSE(more_flows(used(85, 80, kNow), 1, kNow + kFactEvery - 1).record.fact_owed);
  EXPECT_TRUE(more_flows(used(85, 80, kNow), 1, kNow + kFactEvery).record.fact_owed);
  EXPECT_TRUE(more_flows(used(85, 80, kNow), 1, kNow - kSecond).record.fact_owed) << "the clock was set back";
  EXPECT_TRUE(more_flows(used(99, 80, kNow), 1).record.fact_owed) << "the end at once";
  QuotaRecord owed = used(85, 80, kNow);
  owed.fact_owed = true;
  EXPECT_TRUE(more_flows(owed, 1).record.fact_owed) << "what is owed stays owed";
}

TEST(QuotaStep, EveryAmountCountsAndNoneOverflows) {
  const QuotaUse limit{1'000, 300, 0, 10};
  EXPECT_EQ(advance({}, {800, 0, 0, 0}, false, limit, kNow).percent_crossed, 80U);
  EXPECT_EQ(advance({}, {0, 0, 0, 8}, false, limit, kNow).percent_crossed, 80U);
  EXPECT_EQ(advance({}, {0, 0, 1'000'000, 0}, false, limit, kNow).percent_crossed, 0U) << "without a limit";
  QuotaRecord minutes;
  minutes.used.seconds = 180;
  EXPECT_EQ(advance(minutes, {1, 0, 0, 0}, true, limit, kNow).percent_crossed, 80U);
  EXPECT_EQ(advance(minutes, {1, 999, 0, 0}, false, limit, kNow).record.used.seconds, 180U)
      << "seconds come from minutes alone";
  const QuotaUse most{kQuotaAmountMax, 0, kQuotaAmountMax, kQuotaAmountMax};
  const QuotaRecord full = advance({}, most, false, limit, kNow).record;
  EXPECT_EQ(advance(full, most, false, limit, kNow).record.used, most);
}

TEST(QuotaRules, AreThoseOfThePolicyWithAQuota) {
  const auto policy = compile(
      "weir-policy: 1\ntimezone: America/Toronto\nnetwork:\n  - {rule: games, match: {app: steam}, then: "
      "block}\n"
      "web:\n  - {rule: video, match: {domain: video.example}, quota: {time: 45m, per: user, every: day},"
      " then: block, severity: high}\n",
      {});
  ASSERT_TRUE(policy) << to_text(policy.error().front());
  const QuotaRules rules = quota_rules_of(**policy);
  ASSERT_EQ(rules.rules.size(), 1U);
  const QuotaRule& video = rules.rules.at("video");
  EXPECT_EQ(video.quota.limit, (QuotaUse{0, 2'700, 0, 0}));
  EXPECT_EQ(video.quota.per, QuotaPer::kUser);
  EXPECT_EQ(video.section, Section::kWeb);
  EXPECT_EQ(video.severity, Severity::kHigh);
  EXPECT_EQ(rules.zone.offset_s(0), -5 * 3'600);
}

}  // namespace
}  // namespace weir::policy
