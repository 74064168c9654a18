// SPDX-License-Identifier: Apache-2.0
// Random policies and random flows: the compiled policy and the naive evaluation must agree, and with it the
// decision that is explained and the one that is not. A failure names the seed, the policy, the flow and the
// time; the seed alone repeats it. WEIR_PROPERTY_CASES says how many flows (default 30,000; the long run is a
// million).
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "tests/unit/policy/decide/random_policy.h"

namespace weir::policy {
namespace {

constexpr unsigned kFlowsOfAPolicy = 60;

unsigned policies() {
  const char* const cases = std::getenv("WEIR_PROPERTY_CASES");
  const unsigned long flows = cases != nullptr ? std::strtoul(cases, nullptr, 10) : 30'000;
  return static_cast<unsigned>(flows / kFlowsOfAPolicy + 1);
}

void expect_equal(const Decision& plain, const Decision& traced, const std::string& where) {
  ASSERT_EQ(plain.action, traced.action) << where;
  ASSERT_EQ(plain.rule, traced.rule) << where;
  ASSERT_EQ(plain.group, traced.group) << where;
  ASSERT_EQ(plain.hits, traced.hits) << where;
  ASSERT_EQ(plain.quotas, traced.quotas) << where;
  ASSERT_EQ(plain.clicked_through, traced.clicked_through) << where;
  ASSERT_TRUE(plain.path.empty());
}

/// Rules of which the analysis says that they never speak.
std::set<std::string> silent_rules(const std::string& text) {
  std::vector<Error> warnings;
  static_cast<void>(compile("weir-policy: 1\n" + text, {.warnings = &warnings}));
  std::set<std::string> names;
  for (const Error& warning : warnings) {
    if (const std::size_t end = warning.what.find(" never speaks"); end != std::string::npos)
      names.insert(warning.what.substr(5, end - 5));  // "rule NAME never speaks"
  }
  return names;
}

TEST(DecideProperty, AgreesWithTheNaiveEvaluation) {
  std::set<std::string> outcomes;
  std::size_t silent_seen = 0;
  std::size_t quotas_left = 0;
  std::size_t quotas_used_up = 0;
  std::size_t clicked_through_seen = 0;
  for (unsigned seed = 1; seed <= policies(); ++seed) {
    Dice dice{seed};
    const naive::Policy spec = random_policy(dice, seed % 8 == 0 ? 40 : 4);
    const std::string text = naive::text_of(spec);
    const auto policy = policy_of(text);
    const std::set<std::string> silent = silent_rules(text);
    silent_seen += silent.size();
    for (unsigned i = 0; i < kFlowsOfAPolicy; ++i) {
      const Flow flow = random_flow(dice);
      const TimeNs now = random_time(dice);
      const naive::Used used = random_use(dice, spec);
      const QuotaTable quotas = table_of(used, now);
      const std::vector<ClickThrough> clicks = random_clicks(dice, spec, now);
      const std::vector<std::string> clicked = naive::words(clicks, [](const auto& one) { return one.rule; });
      const std::string expected = naive::evaluate(spec, flow.facts, now, used, clicked);
      const DynamicFacts known{.quotas = &quotas, .clicked_through = clicks};
      const Decision traced = decide(*policy, flow.facts, known, now, Trace::kOn);
      const auto where = [&] {
        return "seed " + std::to_string(seed) + " at " + std::to_string(now / kSecond) + "\n" + text +
               shown(flow.facts);
      };
      ASSERT_EQ(in_short_without_objects(traced), expected) << where();
      ASSERT_EQ(traced.group, naive::group_of(spec, flow.facts)) << where();
      ASSERT_NO_FATAL_FAILURE(expect_equal(decide(*policy, flow.facts, known, now), traced, where()));
      ASSERT_LE(traced.hits.size(), 4U);
      for (const DecisionStep& step : traced.path)
        ASSERT_FALSE(step.matched && silent.contains(step.rule)) << step.rule << ' ' << where();
      for (const RuleHit& hit : traced.hits) ASSERT_FALSE(hit.object.empty()) << where();
      for (const QuotaMet& met : traced.quotas) ++(met.used_up ? quotas_used_up : quotas_left);
      outcomes.insert(expected.substr(0, expected.find(' ')));
      clicked_through_seen += traced.clicked_through.size();
    }
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"allow", "block", "continue", "limit", "page", "refuse",
                                             "report", "safe_search"}))
      << "the flows exercise every outcome";
  EXPECT_GT(quotas_left, 100U);
  EXPECT_GT(quotas_used_up, 100U);
  EXPECT_GT(clicked_through_seen, 0U);
  EXPECT_GT(silent_seen, 0U) << "some policies have rules that never speak";
  RecordProperty("silent_rules", static_cast<int>(silent_seen));
}

}  // namespace
}  // namespace weir::policy
