// SPDX-License-Identifier: Apache-2.0
// Random policies and random flows: the compiled policy and the naive evaluation must agree, and with it the
// decision that is explained and the one that is not. A failure names the seed, the policy, the flow and the
// time; the seed alone repeats it. WEIR_PROPERTY_CASES says how many flows (default 30,000; the long run is a
// million).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "tests/unit/policy/decide/random_policy.h"
#include "tests/unit/policy/decide/random_wide.h"

namespace weir::policy {
namespace {

constexpr unsigned kFlowsOfAPolicy = 60;

unsigned policies() {
  const char* const cases = std::getenv("WEIR_PROPERTY_CASES");
  const unsigned long flows = cases != nullptr ? std::strtoul(cases, nullptr, 10) : 30'000;
  return static_cast<unsigned>(flows / kFlowsOfAPolicy + 1);
}

/// `where()` says it in words: costly, and only for a failure.
template <typename Where>
void expect_equal(const Decision& plain, const Decision& traced, Where where) {
  ASSERT_EQ(plain.action, traced.action) << where();
  ASSERT_EQ(plain.rule, traced.rule) << where();
  ASSERT_EQ(plain.group, traced.group) << where();
  ASSERT_EQ(plain.hits, traced.hits) << where();
  ASSERT_EQ(plain.quotas, traced.quotas) << where();
  ASSERT_EQ(plain.clicked_through, traced.clicked_through) << where();
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

/// What the flows of all policies came to.
struct Seen {
  std::set<std::string> outcomes;
  std::size_t silent = 0;  // rules that never speak
  std::size_t deep = 0;    // flows that a rule behind the first hundred of its section decided
  std::size_t quotas_left = 0;
  std::size_t quotas_used_up = 0;
  std::size_t clicked_through = 0;
};

/// What is known beside the flow itself.
struct Known {
  Known(Dice& dice, const naive::Policy& spec, TimeNs now)
      : used(random_use(dice, spec)),
        clicks(random_clicks(dice, spec, now)),
        clicked(naive::words(clicks, [](const auto& one) { return one.rule; })),
        quotas(table_of(used, now)) {}
  [[nodiscard]] DynamicFacts facts() const { return {.quotas = &quotas, .clicked_through = clicks}; }

  naive::Used used;
  std::vector<ClickThrough> clicks;
  std::vector<std::string> clicked;
  QuotaTable quotas;
};

template <typename Where>
void judge_one(const naive::Policy& spec, const std::shared_ptr<const Policy>& policy, const Flow& flow,
               const Known& known, TimeNs now, const std::set<std::string>& silent, Where where, Seen& seen) {
  const std::string expected = naive::evaluate(spec, flow.facts, now, known.used, known.clicked);
  const auto judged = [&](Trace trace) { return decide(*policy, flow.facts, known.facts(), now, trace); };
  const Decision traced = judged(Trace::kOn);
  ASSERT_EQ(in_short_without_objects(traced), expected) << where();
  ASSERT_EQ(traced.group, naive::group_of(spec, flow.facts)) << where();
  ASSERT_NO_FATAL_FAILURE(expect_equal(judged(Trace::kOff), traced, where));
  ASSERT_LE(traced.hits.size(), 4U);
  const Decision in_short = judged(Trace::kShort);
  ASSERT_EQ(in_short.hits, traced.hits) << where();
  ASSERT_LE(in_short.path.size(), 64U) << "which is what an event has room for";
  for (const RuleHit& hit : traced.hits) {
    ASSERT_TRUE(std::any_of(in_short.path.begin(), in_short.path.end(), [&](const DecisionStep& step) {
      return step.matched && step.rule == hit.rule;
    })) << where();
  }
  std::size_t in_section = 0;
  for (const DecisionStep& step : traced.path) {
    ASSERT_FALSE(step.matched && silent.contains(step.rule)) << step.rule << ' ' << where();
    in_section = &step != &traced.path.front() && (&step - 1)->section == step.section ? in_section + 1 : 0;
    if (step.matched && in_section >= 100) ++seen.deep;
  }
  for (const RuleHit& hit : traced.hits) ASSERT_FALSE(hit.object.empty()) << where();
  for (const QuotaMet& met : traced.quotas) ++(met.used_up ? seen.quotas_used_up : seen.quotas_left);
  seen.clicked_through += traced.clicked_through.size();
  seen.outcomes.insert(expected.substr(0, expected.find(' ')));
}

template <typename MakePolicy, typename MakeFlow>
void judge_all(unsigned policies, MakePolicy make_policy, MakeFlow make_flow, Seen& seen) {
  for (unsigned seed = 1; seed <= policies; ++seed) {
    Dice dice{seed};
    const naive::Policy spec = make_policy(dice, seed);
    const std::string text = naive::text_of(spec);
    const auto policy = policy_of(text);
    const std::set<std::string> silent = silent_rules(text);
    seen.silent += silent.size();
    for (unsigned i = 0; i < kFlowsOfAPolicy; ++i) {
      const Flow flow = make_flow(dice);
      const TimeNs now = random_time(dice);
      const Known known{dice, spec, now};
      const auto where = [&] {
        return "seed " + std::to_string(seed) + " at " + std::to_string(now / kSecond) + "\n" + text +
               shown(flow.facts);
      };
      ASSERT_NO_FATAL_FAILURE(judge_one(spec, policy, flow, known, now, silent, where, seen));
    }
  }
}

TEST(DecideProperty, AgreesWithTheNaiveEvaluation) {
  Seen seen;
  ASSERT_NO_FATAL_FAILURE(judge_all(
      policies(), [](Dice& dice, unsigned seed) { return random_policy(dice, seed % 8 == 0 ? 40 : 4); },
      random_flow, seen));
  EXPECT_EQ(seen.outcomes, (std::set<std::string>{"allow", "block", "continue", "limit", "page", "refuse",
                                                  "report", "safe_search"}))
      << "the flows exercise every outcome";
  EXPECT_GT(seen.quotas_left, 100U);
  EXPECT_GT(seen.quotas_used_up, 100U);
  EXPECT_GT(seen.clicked_through, 0U);
  EXPECT_GT(seen.silent, 0U) << "some policies have rules that never speak";
  RecordProperty("silent_rules", static_cast<int>(seen.silent));
}

/// The compiled policy finds the rule by an index, which takes part in earnest among hundreds.
TEST(DecideProperty, AgreesWithTheNaiveEvaluationAmongHundredsOfRules) {
  Seen seen;
  ASSERT_NO_FATAL_FAILURE(judge_all(
      policies() / 32 + 1,
      [](Dice& dice, unsigned seed) { return random_wide_policy(dice, seed % 2 == 0 ? 700 : 200); },
      random_wide_flow, seen));
  EXPECT_EQ(seen.outcomes, (std::set<std::string>{"allow", "block", "limit", "report"}));
  EXPECT_GT(seen.deep, 100U) << "rules far behind the first decide";
  RecordProperty("deep", static_cast<int>(seen.deep));
}

}  // namespace
}  // namespace weir::policy
