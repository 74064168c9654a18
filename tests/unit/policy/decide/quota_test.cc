// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/quota.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/decide/policy_tests.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kBudget =
    "groups: {staff: {subnets: [10.20.0.0/16]}}\n"
    "web:\n"
    "  - {rule: budget, who: staff, match: {domain: video.example}, quota: {time: 45m, every: day}, "
    "then: block}\n"
    "  - {rule: seen, match: {domain: video.example}, then: report}\n";

constexpr TimeNs kEnd = kSundayNoon + 12 * 3'600 * kSecond;

QuotaTable used(const std::string& subject, QuotaUse use) {
  QuotaTable table;
  EXPECT_TRUE(table.learn({"budget", subject, kEnd, use}, kSundayNoon));
  return table;
}

Decision judge_with(const std::string& text, const Flow& flow, const QuotaTable& quotas,
                    TimeNs now = kSundayNoon) {
  return decide(*policy_of(text), flow.facts, {.quotas = &quotas}, now, Trace::kOn);
}

TEST(Quota, TheRuleIsSilentUntilItIsUsedUp) {
  const Flow flow = Flow{}.tls("www.video.example");
  const Decision before = judge_with(kBudget, flow, used("10.20.0.7", {.seconds = 44 * 60}));
  EXPECT_EQ(in_short(before), "report seen [seen www.video.example]");
  ASSERT_EQ(before.quotas.size(), 1U);
  EXPECT_TRUE(before.quotas[0].counts);
  EXPECT_THAT(before.path[0].why, HasSubstr("its quota is not used up: 10.20.0.7 used 44 of 45 min today"));
  const Decision after = judge_with(kBudget, flow, used("10.20.0.7", {.seconds = 45 * 60}));
  EXPECT_EQ(in_short(after), "block budget [budget www.video.example]");
  EXPECT_FALSE(after.quotas[0].counts) << "what is blocked uses nothing";
  EXPECT_THAT(after.path[0].why, HasSubstr("its quota is used up: 10.20.0.7 used 45 of 45 min today"));
  EXPECT_EQ(in_short(judge_with(kBudget, flow, used("10.20.0.8", {.seconds = 45 * 60}))),
            "report seen [seen www.video.example]")
      << "somebody else's";
  EXPECT_EQ(in_short(judge_with(kBudget, flow, used("10.20.0.7", {.seconds = 45 * 60}), kEnd)),
            "report seen [seen www.video.example]")
      << "of a period that is over";
}

TEST(Quota, OnlyWhatTheRuleMatchesCounts) {
  const QuotaTable none;
  EXPECT_THAT(judge_with(kBudget, Flow{}.tls("www.other.example"), none).quotas, IsEmpty());
  EXPECT_THAT(judge_with(kBudget, Flow{}.tls("video.example").client("10.30.0.7"), none).quotas, IsEmpty());
  const std::string allowed =
      std::string("web:\n  - {rule: first, match: {domain: video.example}, then: allow}\n") +
      "  - {rule: budget, quota: {flows: 1, every: day}, then: block}\n";
  EXPECT_THAT(judge_with(allowed, Flow{}.tls("video.example"), none).quotas, IsEmpty())
      << "an earlier rule spoke";
}

TEST(Quota, ALimitedOrMonitoredFlowGoesOnCounting) {
  for (const char* const then : {"limit, rate: 1 Mbit/s", "report", "block, mode: monitor"}) {
    const std::string text =
        std::string("web: [{rule: budget, quota: {bytes: 1 MB, every: day}, then: ") + then + "}]\n";
    const Decision decision =
        judge_with(text, Flow{}.tls("video.example"), used("10.20.0.7", {.bytes = 1'000'000}));
    ASSERT_EQ(decision.quotas.size(), 1U) << then;
    EXPECT_TRUE(decision.quotas[0].used_up && decision.quotas[0].counts) << then;
    EXPECT_EQ(decision.rule, "budget") << then;
  }
}

TEST(Quota, AnyAmountThatIsReachedUsesItUp) {
  const Quota quota{{.bytes = 1'000'000, .seconds = 600, .flows = 10}, {}, {}};
  EXPECT_FALSE(reaches({.bytes = 999'999, .seconds = 599, .flows = 9, .messages = 99}, quota.limit, 100));
  EXPECT_TRUE(reaches({.bytes = 1'000'000}, quota.limit, 100));
  EXPECT_TRUE(reaches({.seconds = 600}, quota.limit, 100));
  EXPECT_TRUE(reaches({.flows = 10}, quota.limit, 100));
  EXPECT_TRUE(reaches({.flows = 8}, quota.limit, kQuotaWarningPercent));
  EXPECT_FALSE(reaches({.flows = 7}, quota.limit, kQuotaWarningPercent));
  EXPECT_TRUE(reaches({.flows = 1}, {.flows = 1}, kQuotaWarningPercent)) << "of one, 80 % is one";
  EXPECT_EQ(words_of(quota, {.bytes = 250'000, .seconds = 90, .flows = 1}),
            "1.5 of 10 min, 0.25 of 1 MB, 1 of 10 flows today");
}

TEST(Quota, WhoSharesIt) {
  Flow flow = Flow{}.tls("video.example");
  Group staff;
  staff.name = "staff";
  EXPECT_EQ(subject_of(QuotaPer::kClient, flow.facts, &staff), "10.20.0.7");
  EXPECT_EQ(subject_of(QuotaPer::kGroup, flow.facts, &staff), "group staff");
  EXPECT_EQ(subject_of(QuotaPer::kGroup, flow.facts, nullptr), "10.20.0.7");
  EXPECT_EQ(subject_of(QuotaPer::kAll, flow.facts, nullptr), "all");
  EXPECT_EQ(subject_of(QuotaPer::kUser, flow.facts, nullptr), "10.20.0.7") << "no user is known";
  ClientFacts anna;
  anna.user = "anna@EXAMPLE.COM";
  anna.user_source = UserSource::kKerberosRequest;
  flow.facts.client_identity = std::make_shared<const ClientFacts>(anna);
  EXPECT_EQ(subject_of(QuotaPer::kUser, flow.facts, nullptr), "10.20.0.7") << "anybody can ask for a ticket";
  anna.user_source = UserSource::kKerberos;
  flow.facts.client_identity = std::make_shared<const ClientFacts>(anna);
  EXPECT_EQ(subject_of(QuotaPer::kUser, flow.facts, nullptr), "anna@EXAMPLE.COM");
}

TEST(Quota, OfARuleByName) {
  const auto policy = policy_of(kBudget);
  ASSERT_NE(quota_of(*policy, "budget"), nullptr);
  EXPECT_EQ(quota_of(*policy, "budget")->limit.seconds, 45U * 60);
  EXPECT_EQ(quota_of(*policy, "seen"), nullptr);
  EXPECT_EQ(quota_of(*policy, "nobody"), nullptr);
}

/// Hours that the period around a moment has; and whether the moment before and the end lie outside.
double hours(QuotaEvery every, const char* zone, std::int64_t unix_s) {
  const auto loaded = TimeZone::load(zone);
  EXPECT_TRUE(loaded.has_value());
  const QuotaPeriod period = period_of(every, *loaded, unix_s * kSecond);
  EXPECT_LE(period.begins, unix_s * kSecond);
  EXPECT_GT(period.ends, unix_s * kSecond);
  EXPECT_EQ(period_of(every, *loaded, period.ends - 1).begins, period.begins);
  EXPECT_EQ(period_of(every, *loaded, period.ends).begins, period.ends);
  return static_cast<double>(period.ends - period.begins) / static_cast<double>(3'600 * kSecond);
}

TEST(QuotaPeriod, FollowsTheClocksOfTheZone) {
  constexpr std::int64_t kMarch8 = 1'772'982'000;     // 2026-03-08 15:00 UTC: clocks go forward in Toronto
  constexpr std::int64_t kNovember1 = 1'793'545'200;  // 2026-11-01 15:00 UTC: and back
  EXPECT_EQ(hours(QuotaEvery::kDay, "America/Toronto", kMarch8), 23);
  EXPECT_EQ(hours(QuotaEvery::kDay, "America/Toronto", kNovember1), 25);
  EXPECT_EQ(hours(QuotaEvery::kDay, "UTC", kMarch8), 24);
  EXPECT_EQ(hours(QuotaEvery::kWeek, "America/Toronto", kMarch8), 7 * 24 - 1) << "it ends with that Sunday";
  EXPECT_EQ(hours(QuotaEvery::kMonth, "America/Toronto", kMarch8), 31 * 24 - 1);
  EXPECT_EQ(hours(QuotaEvery::kMonth, "Asia/Kolkata", 1'835'308'800), 29 * 24) << "February 2028";
  EXPECT_EQ(hours(QuotaEvery::kMonth, "UTC", 1'767'225'599), 31 * 24) << "the last second of 2025";
  EXPECT_EQ(hours(QuotaEvery::kWeek, "UTC", 0), 7 * 24) << "1970-01-01, a Thursday";
}

TEST(QuotaInTests, ATestSaysWhatIsUsedUp) {
  const auto fails = [](const std::string& used_up, const std::string& expected) {
    return failed_tests(
        *policy_of(kBudget + ("tests:\n  - {test: t, flow: {client: 10.20.0.7, host: video.example" +
                              used_up + "}, expect: " + expected + "}\n")),
        "p");
  };
  EXPECT_THAT(fails("", "report, rule: seen"), IsEmpty());
  EXPECT_THAT(fails(", used_up: budget", "block, rule: budget"), IsEmpty());
  EXPECT_THAT(fails(", used_up: [budget]", "allow"), testing::SizeIs(1));
}

}  // namespace
}  // namespace weir::policy
