// SPDX-License-Identifier: Apache-2.0
// Random policies and random flows: the compiled policy and the naive evaluation must agree. A failure names
// the seed, the policy and the flow; the seed alone repeats it.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/policy/decide/random_policy.h"

namespace weir::policy {
namespace {

TEST(DecideProperty, AgreesWithTheNaiveEvaluation) {
  std::set<std::string> outcomes;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Dice dice{seed};
    const naive::Policy spec = random_policy(dice);
    const std::string text = naive::text_of(spec);
    const auto policy = policy_of(text);
    for (int i = 0; i < 60; ++i) {
      const Flow flow = random_flow(dice);
      const std::string expected = naive::evaluate(spec, flow.facts);
      const Decision traced = judge(policy, flow, kSundayNoon, Trace::kOn);
      ASSERT_EQ(in_short_without_objects(traced), expected) << "seed " << seed << "\n"
                                                            << text << shown(flow.facts);
      ASSERT_EQ(in_short_without_objects(judge(policy, flow)), expected) << "seed " << seed;
      ASSERT_EQ(traced.group, naive::group_of(spec, flow.facts)) << "seed " << seed;
      ASSERT_LE(traced.hits.size(), 4U);
      for (const RuleHit& hit : traced.hits)
        ASSERT_FALSE(hit.object.empty()) << "seed " << seed << "\n" << text;
      outcomes.insert(expected.substr(0, expected.find(' ')));
    }
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"allow", "block", "report"}))
      << "the flows exercise every outcome";
}

}  // namespace
}  // namespace weir::policy
