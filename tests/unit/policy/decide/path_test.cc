// SPDX-License-Identifier: Apache-2.0
// The steps of a decision: all of them for who asks, the first for an event.
#include <gtest/gtest.h>

#include "policy/decide/decide.h"
#include "tests/unit/policy/decide/policy_text.h"

namespace weir::policy {
namespace {

TEST(Path, ExplainsEveryRuleThatWasExamined) {
  const auto policy = policy_of(
      "groups: {staff: {subnets: [10.20.0.0/16]}}\n"
      "categories: {gambling: {domains: [bet.example]}}\n"
      "network: [{rule: torrents, match: {app: BitTorrent}, then: block}]\n"
      "web:\n"
      "  - {rule: guests, who: {not: staff}, match: {category: gambling}, then: block}\n"
      "  - {rule: gambling, who: staff, match: {category: gambling}, then: block}\n"
      "  - {rule: never-reached, then: report}\n"
      "email: [{rule: m, then: report}]\n"
      "software: {unknown: report}\n");
  const Decision decision = judge(policy, Flow{}.tls("bet.example"), kSundayNoon, Trace::kOn);
  std::string text;
  for (const DecisionStep& step : decision.path) {
    text += std::string(to_string(step.section)) + " " + (step.rule.empty() ? "-" : step.rule) +
            (step.matched ? " yes: " : " no: ") + step.why + "\n";
  }
  EXPECT_EQ(text,
            "network torrents no: the application is not known yet\n"
            "network - no: no rule of the section matches\n"
            "web guests no: the client is of group staff\n"
            "web gambling yes: the client is of group staff; category gambling has bet.example\n"
            "email - no: the section does not concern this flow\n"
            "software - no: no product was recognised\n");
  const Decision quiet = judge(policy, Flow{}.tls("bet.example"));
  EXPECT_TRUE(quiet.path.empty());
  EXPECT_EQ(in_short(quiet), in_short(decision)) << "asking for words changes nothing";
}

/// Rules that may concern the flow, up to a number, and the one that matches with its words.
TEST(Path, AShortTraceOfManyRulesHasRoomForWhatMatters) {
  std::string text = "web:\n";
  for (int i = 0; i < 1'000; ++i) {
    const bool near = i % 10 == 0;
    text += "  - {rule: r" + std::to_string(i) + ", match: {country: " + (near ? "CA" : "US") + ", path: /x" +
            std::to_string(i) + "}, then: block}\n";
  }
  text += "  - {rule: last, match: {country: CA, path: /a}, then: block}\n  - {rule: behind, then: block}\n";
  const auto policy = policy_of(text);
  Flow flow = Flow{}.http("a.example").place("CA", 1);
  flow.facts.http.url_path = "/a";
  const Decision decision = judge(policy, flow, kSundayNoon, Trace::kShort);
  ASSERT_EQ(decision.path.size(), kShortTraceRulesMax + 1) << "an empty section says nothing";
  for (std::size_t i = 0; i < kShortTraceRulesMax; ++i) {
    EXPECT_EQ(decision.path[i].rule, "r" + std::to_string(i * 10));
    EXPECT_FALSE(decision.path[i].matched);
    EXPECT_FALSE(decision.path[i].why.empty());
  }
  EXPECT_EQ(decision.path[kShortTraceRulesMax].rule, "last");
  EXPECT_TRUE(decision.path[kShortTraceRulesMax].matched);
  EXPECT_EQ(decision.path[kShortTraceRulesMax].why, "the country is CA; the path is /a");
  EXPECT_EQ(judge(policy, flow, kSundayNoon, Trace::kOn).path.size(), 1'001U) << "all up to it";
}

}  // namespace
}  // namespace weir::policy
