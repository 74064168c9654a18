// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/policy_tests.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "policy/decide/decide.h"
#include "policy/decide/quota.h"

namespace weir::policy {
namespace {

constexpr TimeNs kEndOfTime = std::numeric_limits<TimeNs>::max();

std::string said_by(Action action, std::string_view rule) {
  return rule.empty() ? to_string(action) : fmt::format("{} by {}", to_string(action), rule);
}

/// What the rule that was expected found, or else why the rules that matched did.
std::string why_of(const Decision& decision, std::string_view expected) {
  std::string text;
  for (const DecisionStep& step : decision.path) {
    const bool exception = step.rule.empty() && step.matched;
    if (exception) return step.why;
    if (step.rule.empty() || (expected.empty() ? !step.matched : step.rule != expected)) continue;
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", step.rule, step.why);
  }
  if (!text.empty()) return text;
  return expected.empty() ? "no rule matches" : fmt::format("{} was not reached", expected);
}

/// The quotas that the test calls used up.
QuotaTable quotas_of(const Policy& policy, const PolicyTest& test) {
  QuotaTable table;
  if (test.used_up.empty()) return table;
  const Decision before = decide(policy, test.facts, DynamicFacts{}, test.at);
  for (const QuotaMet& met : before.quotas) {
    const std::string& rule = met.fact.rule;
    if (std::find(test.used_up.begin(), test.used_up.end(), rule) == test.used_up.end()) continue;
    static_cast<void>(
        table.learn({rule, met.fact.subject, kEndOfTime, quota_of(policy, rule)->limit}, test.at));
  }
  return table;
}

TestOutcome run(const Policy& policy, const PolicyTest& test) {
  const QuotaTable quotas = quotas_of(policy, test);
  const Decision decision = decide(
      policy, test.facts, {.quotas = &quotas, .clicked_through = test.clicked_through}, test.at, Trace::kOn);
  TestOutcome outcome{&test, decision.action, decision.rule, decision.exception, {}};
  for (const RuleHit& hit : decision.hits) {
    if (hit.action <= outcome.said) continue;
    outcome.said = hit.action;
    outcome.rule = hit.rule;
  }
  outcome.why = why_of(decision, outcome.holds() ? std::string_view{} : std::string_view{test.rule});
  return outcome;
}

}  // namespace

std::vector<TestOutcome> run_tests(const Policy& policy) {
  std::vector<TestOutcome> outcomes;
  for (const PolicyTest& test : policy.parts().tests) outcomes.push_back(run(policy, test));
  return outcomes;
}

std::vector<Error> failed_tests(const Policy& policy, const std::string& file) {
  std::vector<Error> errors;
  for (const TestOutcome& outcome : run_tests(policy)) {
    if (outcome.holds()) continue;
    const PolicyTest& test = *outcome.test;
    errors.push_back(
        {ErrorCode::kInvalid,
         fmt::format("test {} expects {}, and the policy says {}: {}", test.name,
                     said_by(test.expect, test.rule), said_by(outcome.said, outcome.rule), outcome.why),
         "mend the rules, or the test",
         {file, test.line, test.column}});
  }
  return errors;
}

}  // namespace weir::policy
