// SPDX-License-Identifier: Apache-2.0
// Canaries of a policy's rules through a data plane and a classifier of their own, and what became of them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "policy/lang/policy.h"
#include "policy/model/error.h"
#include "policy/model/settings.h"

namespace weir::ctl {

inline constexpr std::chrono::seconds kProofUsual{60};  // that one run through the programs may take

/// A policy to prove, and with which of the appliance's files and settings.
struct ProofSubject {
  std::string policy;
  std::uint32_t revision = 0;
  PairSettings pair;  // how it blocks, and its mode
  ClassifierSettings classifier;
  std::chrono::seconds longest = kProofUsual;
};

struct RuleProof {
  const policy::Rule* rule = nullptr;
  std::string why{};      // in words, unless all of its flows showed it
  std::size_t flows = 0;  // that showed it
  bool unproved = false;
  [[nodiscard]] const char* word() const {
    return unproved ? "UNPROVED" : flows > 0 ? "proved" : "not provable";
  }
};

/// A row for each rule. An error: the programs could not be run to their end.
[[nodiscard]] Result<std::vector<RuleProof>> prove_rules(const policy::Policy& policy,
                                                         const std::vector<const policy::Rule*>& rules,
                                                         const ProofSubject& subject);

}  // namespace weir::ctl
