// SPDX-License-Identifier: Apache-2.0
// What keeps the classifier from judging, or lets it judge by less.
#include "tests/unit/classifier/engine/bench_of_requests.h"

namespace weir::classifier::test {
namespace {

TEST(ClassifierExceptions, WithoutAPolicyTheTableSpeaksUntilThereIsOne) {
  for (const auto action : {ExceptionAction::kPass, ExceptionAction::kDrop, ExceptionAction::kBypass}) {
    SCOPED_TRACE(to_string(action));
    ClassifierOptions options;
    options.pairs.resize(1);
    options.pairs[0].exceptions[static_cast<std::size_t>(ExceptionCause::kPolicyMissing)] = action;
    Bench bench{"", options};
    bench.classifier().set_policy(policy_of("", 0));
    EXPECT_TRUE(bench.answers().empty()) << "what was decided before stays decided";
    bench.handshake(80);
    bench.packet(kClient, http_get("blocked.example"), 1'000);
    const auto cause = static_cast<std::uint8_t>(1 + static_cast<unsigned>(ExceptionCause::kPolicyMissing));
    auto answers = bench.answers();
    ASSERT_FALSE(answers.empty());
    EXPECT_EQ(answers.back().exception, cause);
    EXPECT_EQ(answers.back().type == AnswerType::kFinal, action != ExceptionAction::kPass);
    EXPECT_EQ(answers.back().policy_revision, 0U);
    bench.classifier().set_policy(
        policy_of("web: [{rule: no, match: {domain: blocked.example}, then: block}]\n", 7));
    bench.answers();
    bench.redecide = true;
    bench.packet(kClient, http_get("blocked.example"), 2'000);
    answers = bench.answers();
    ASSERT_FALSE(answers.empty());
    EXPECT_EQ(answers.back().exception, 0) << "the row speaks no more";
  }
}

TEST(ClassifierExceptions, AnOverloadedWorkersFlowsAreLookedAtNoDeeperThanItsLevel) {
  for (const auto level : {channel::InspectedLevel::kNamesOnly, channel::InspectedLevel::kL4}) {
    Bench bench{"web: [{rule: no, match: {domain: blocked.example}, then: block}]\n"};
    bench.level = level;
    bench.handshake(80);
    bench.packet(kClient, http_get("blocked.example"), 1'000);
    const auto answers = bench.answers();
    ASSERT_FALSE(answers.empty());
    const bool names = level == channel::InspectedLevel::kNamesOnly;
    EXPECT_EQ(answers.back().type, names ? AnswerType::kInject : AnswerType::kFinal);
    EXPECT_EQ(answers.back().action, VerdictAction::kForward);
    bench.close();
    EXPECT_EQ(bench.sink.events.back().master(), "Unknown");
    EXPECT_EQ(bench.sink.events.back().host(), names ? "blocked.example" : "");
  }
}

TEST(ClassifierExceptions, BytesFromTheMiddleOfAStreamClaimNoProtocol) {
  for (const bool midstream : {false, true}) {
    ClassifierOptions options;
    options.pairs.resize(1);
    options.simulation = *Simulation::parse("parser-error@1");
    Bench bench{"", options};
    bench.midstream = midstream;
    bench.handshake(80);
    bench.packet(kClient, http_get("www.example.org"), 1'000);
    const auto answers = bench.answers();
    ASSERT_FALSE(answers.empty());
    const auto row = 1 + static_cast<unsigned>(ExceptionCause::kParserError);
    EXPECT_EQ(answers.back().exception, midstream ? 0U : row);
  }
}

TEST(ClassifierExceptions, RedisBeingAwayIsNotedWithTheFlowAndChangesNothingElse) {
  Bench bench{""};
  bench.classifier().set_redis_away(true);
  bench.handshake(80);
  bench.packet(kClient, http_get("www.example.org"), 1'000);
  ASSERT_FALSE(bench.answers().empty());
  bench.close();
  ASSERT_EQ(bench.sink.events.back().exceptions_size(), 1);
  EXPECT_EQ(bench.sink.events.back().exceptions(0), "redis-away");
  EXPECT_EQ(bench.classifier().counts().exceptions[static_cast<std::size_t>(ExceptionCause::kRedisAway)], 1U);
}

}  // namespace
}  // namespace weir::classifier::test
