// SPDX-License-Identifier: Apache-2.0
// Which exceptions hold for one flow at one instant, and what they lift. What an exception names, it lifts:
//   domain, app   the whole flow is allowed, and no rule is asked
//   recipient     no rule of the section email speaks
//   product       the section software does not see the product
//   rule          only these rules are silent, where the exception's other objects hold
// Internal to policy/decide.
#pragma once

#include <string_view>

#include "policy/decide/evaluation.h"

namespace weir::policy {

class Exceptions {
 public:
  /// `now`: what ended before is over; the latest time that was ever seen, lest a clock set back revives it.
  Exceptions(const PolicyParts& policy, const FlowFacts& facts, const Evaluation& evaluation, TimeNs now)
      : policy_(policy), facts_(facts), evaluation_(evaluation), now_(now) {}

  /// That allows the whole flow, or nullptr.
  [[nodiscard]] const Exception* allows_all() const;
  /// That keeps the rule from speaking, or nullptr.
  [[nodiscard]] const Exception* silences(const Rule& rule) const;
  /// That excuses the product, or nullptr.
  [[nodiscard]] const Exception* excuses(std::string_view product) const;

 private:
  template <typename Lifts>
  [[nodiscard]] const Exception* first(Lifts lifts) const;
  [[nodiscard]] bool concerns(const Exception& one) const;
  [[nodiscard]] bool objects_hold(const Exception& one) const;
  [[nodiscard]] bool recipients_hold(const Exception& one) const;

  const PolicyParts& policy_;
  const FlowFacts& facts_;
  const Evaluation& evaluation_;
  TimeNs now_;
};

}  // namespace weir::policy
