// SPDX-License-Identifier: Apache-2.0
// A canary: a synthetic flow that one blocking rule of a policy has to refuse, and no other rule. It is found
// by trying values of what the rule asks for and asking `decide`, packet by packet, what the policy says.
#pragma once

#include <string>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/prove/candidates.h"
#include "policy/prove/dialogue.h"

namespace weir::prove {

inline constexpr std::size_t kCanariesPerRuleMax = 3;
inline constexpr std::size_t kTriesPerRuleMax = 3'000;

struct Canary {
  const policy::Rule* rule = nullptr;  // the policy's
  std::string what;                    // "TLS, bet.example, from 198.18.7.7 to 192.0.2.77 port 443"
  std::vector<Step> steps;             // up to the one that the rule refuses
  TimeNs at = 0;                       // the beginning of a minute
  [[nodiscard]] const Step& refused() const { return steps.back(); }
};

/// A rule that is proved: of network, web or email, enforced, and with an action that keeps something back.
[[nodiscard]] std::vector<const policy::Rule*> rules_to_prove(const policy::Policy& policy);

class CanaryFinder {
 public:
  /// Canaries' times are from `now` on. `tries_max`: flows that `decide` is asked about for one rule.
  CanaryFinder(const policy::Policy& policy, TimeNs now, std::size_t tries_max = kTriesPerRuleMax);

  struct Found {
    std::vector<Canary> canaries;  // at most one for each way, or application
    std::string why_none;          // where there is none, in words
  };
  [[nodiscard]] Found find(const policy::Rule& rule) const;

 private:
  const policy::Policy& policy_;
  Instants instants_;
  std::size_t tries_max_;
};

}  // namespace weir::prove
