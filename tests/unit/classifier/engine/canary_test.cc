// SPDX-License-Identifier: Apache-2.0
// While a canary runs: whose flows it decides, what events and answers say, and what its end does to live
// flows.
#include <gtest/gtest.h>

#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier {
namespace {

using namespace test;

constexpr const char* kRunning =
    "groups: {pilot: {macs: [\"02:00:00:00:00:07\"]}}\n"
    "network: [{rule: old, match: {port: 5998}, then: block}]\n";
/// Its own idea of the group must not count: it would take itself away from those who try it.
constexpr const char* kCandidate =
    "groups: {pilot: {macs: [\"02:00:00:00:00:08\"]}}\n"
    "network: [{rule: new, match: {port: 5999}, then: block}]\n";
constexpr MacAddress kPilot{{2, 0, 0, 0, 0, 7}};
constexpr MacAddress kOther{{2, 0, 0, 0, 0, 8}};

class Canary : public ::testing::Test {
 protected:
  Canary() {
    PolicyInForce both = policy_of(kCandidate, 8);
    both.canary = "pilot";
    both.others = policy_of(kRunning, 7).policy;
    bench_.classifier().set_policy(both);
    bench_.answers();
  }
  /// The rule that blocks such a flow of this client; empty: it goes on.
  std::string rule_of(const MacAddress& client, std::uint16_t port, std::uint32_t slot) {
    bench_.mac = client;
    bench_.open(kProtocolUdp, port, slot);
    for (int i = 0; i < 40 && bench_.sink.events.empty(); ++i) bench_.packet(kClient, "\x01unknown");
    const auto said = bench_.sink.events;
    bench_.sink.events.clear();
    last_ = said.empty() ? event::FlowEvent{} : said.back();
    return last_.rule();
  }
  Bench bench_{kRunning};
  event::FlowEvent last_;
};

TEST_F(Canary, DecidesForItsGroupAloneWhichTheRunningPolicyNames) {
  EXPECT_EQ(rule_of(kPilot, 5'999, 1), "new");
  EXPECT_EQ(last_.policy_revision(), 8U);
  EXPECT_EQ(last_.action(), "block");
  EXPECT_EQ(rule_of(kOther, 5'999, 2), "");
  EXPECT_EQ(last_.policy_revision(), 7U);
  EXPECT_EQ(rule_of(kPilot, 5'998, 3), "");
  EXPECT_EQ(last_.policy_revision(), 8U);
  EXPECT_EQ(rule_of(kOther, 5'998, 4), "old");
  EXPECT_EQ(last_.policy_revision(), 7U);
  for (const Answer& answer : bench_.answers())
    EXPECT_EQ(answer.policy_revision, 8U) << "the data plane knows one revision: no flow asks twice";
}

TEST_F(Canary, AFlowOfTheOthersIsNotAskedAboutAgainMeanwhile) {
  ASSERT_EQ(rule_of(kOther, 5'999, 1), "");
  for (int i = 0; i < 40 && bench_.classifier().counts().forwarded == 0; ++i)
    bench_.packet(kClient, "\x01unknown");
  ASSERT_EQ(bench_.classifier().counts().forwarded, 1U);
  const std::uint64_t decisions = bench_.classifier().counts().decisions;
  bench_.packet(kClient, "\x01unknown");
  EXPECT_EQ(bench_.classifier().counts().decisions, decisions);
}

TEST_F(Canary, ItsEndIsANewRevisionForAll) {
  ASSERT_EQ(rule_of(kOther, 5'999, 1), "");
  for (int i = 0; i < 40 && bench_.classifier().counts().forwarded == 0; ++i)
    bench_.packet(kClient, "\x01unknown");
  bench_.classifier().set_policy(policy_of(kCandidate, 9));
  bench_.answers();
  bench_.redecide = true;
  bench_.packet(kClient, "\x01unknown");
  const auto answers = bench_.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(bench_.sink.events.back().rule(), "new");
  EXPECT_EQ(bench_.sink.events.back().policy_revision(), 9U);
}

}  // namespace
}  // namespace weir::classifier
