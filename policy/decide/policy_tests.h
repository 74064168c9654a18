// SPDX-License-Identifier: Apache-2.0
// Runs the list `tests` of a policy: each of its flows through `decide`, at its own time.
#pragma once

#include <string>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/model/error.h"

namespace weir::policy {

struct TestOutcome {
  const PolicyTest* test = nullptr;  // the policy's
  Action said = Action::kAllow;      // what would be enforced, were nothing monitored only
  std::string rule;                  // that said it; empty: none matched
  std::string exception;             // that lifted something; empty: none did
  std::string why;                   // in words
  [[nodiscard]] bool holds() const {
    return said == test->expect && (test->rule.empty() || test->rule == rule) &&
           (test->exception.empty() || test->exception == exception);
  }
};

/// In the order of the text.
[[nodiscard]] std::vector<TestOutcome> run_tests(const Policy& policy);
/// Of the tests that do not hold; `file` is what the errors call the policy's text.
[[nodiscard]] std::vector<Error> failed_tests(const Policy& policy, const std::string& file);

}  // namespace weir::policy
