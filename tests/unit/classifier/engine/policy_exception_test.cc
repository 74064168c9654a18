// SPDX-License-Identifier: Apache-2.0
// Exceptions of the policy on live flows: verdicts that end with them, and clocks that are set back.
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

constexpr const char* kTrial =  // ends 100 s after the bench's clock begins
    "network: [{rule: no-net, match: {port: 5999}, then: block}]\n"
    "exceptions: [{exception: trial, client: 10.20.0.7, rule: no-net, until: 2023-11-14T22:15:00Z, "
    "owner: o, reason: r}]\n";

TEST(PolicyException, AVerdictExpiresWithIt) {
  Bench bench{kTrial};
  bench.open(kProtocolUdp, 5'999);
  bench.now += kSecond / 2;
  const Answer allowed = final_of(bench);
  EXPECT_EQ(allowed.action, VerdictAction::kForward);
  EXPECT_EQ(allowed.expires_s, 100U) << "99.5 s, rounded up";
  EXPECT_EQ(bench.sink.events.back().policy_exception(), "trial");
  bench.now += 100 * kSecond;
  bench.redecide = true;
  bench.packet(kClient, "\x01unknown");
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  EXPECT_EQ(bench.sink.events.back().rule(), "no-net");
  EXPECT_EQ(bench.sink.events.back().policy_exception(), "");
}

TEST(PolicyException, AVerdictThatExpiresBeforeItIsGivenAgain) {
  Bench bench{kTrial};
  bench.open(kProtocolUdp, 5'999);
  static_cast<void>(final_of(bench));
  bench.now += 40 * kSecond;
  bench.redecide = true;
  bench.parked = false;
  bench.packet(kClient, "\x01unknown");
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kForward);
  EXPECT_EQ(answers[0].expires_s, 60U);
}

TEST(PolicyException, OneWithoutAFinalVerdictIsJudgedAtItsNextPacket) {
  Bench bench{kTrial};
  bench.open(kProtocolUdp, 5'999);
  bench.packet(kClient, "\x01unknown");
  bench.answers();
  bench.now += 100 * kSecond;
  bench.packet(kClient, "\x01unknown");
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
}

TEST(PolicyException, AClockThatIsSetBackRevivesNone) {
  Bench bench{kTrial};
  bench.open(kProtocolUdp, 53);
  bench.now += 100 * kSecond;
  bench.packet(kClient, "\x01unknown");  // the clock was seen there
  bench.now -= 90 * kSecond;
  bench.answers();
  bench.open(kProtocolUdp, 5'999, 2);
  const auto answers = bench.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].action, VerdictAction::kReset);
  bench.classifier().set_policy(policy_of(kTrial, 2));
  bench.answers();
  bench.open(kProtocolUdp, 5'999, 3);
  EXPECT_EQ(bench.answers().size(), 1U) << "not under a new revision either";
}

}  // namespace
}  // namespace weir::classifier::test
