// SPDX-License-Identifier: Apache-2.0
// What subjects use of the quotas of rules: from the uses in events to sums in the store, to violations at
// 80 % and 100 %, and to facts that every classifier is told. A sum and the fact that it owes are one
// transaction with the event; a fact stays owed in the store until Redis has it, so no death between the two
// loses it, and any engine of the store tells it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "policy/bus/facts.h"
#include "policy/engine/findings.h"
#include "policy/lang/time_zone.h"
#include "policy/model/decision.h"
#include "policy/model/quota.h"
#include "policy/store/store.h"

namespace weir::policy {

class Policy;

inline constexpr TimeNs kFactEvery = 10 * kSecond;  // at most, of one subject while its use grows
inline constexpr TimeNs kQuotaAheadMax =
    60 * kSecond;  // a use that is said to be later than now is not believed
inline constexpr TimeNs kQuotaMinute = 60 * kSecond;

struct QuotaRule {
  Quota quota;
  Section section = Section::kNetwork;
  Severity severity = Severity::kMedium;
};

/// The rules with a quota of one policy.
struct QuotaRules {
  TimeZone zone;
  std::map<std::string, QuotaRule, std::less<>> rules;
};
[[nodiscard]] QuotaRules quota_rules_of(const Policy& policy);

/// Those of the policy in force, another pointer for another policy; nullptr: there is none.
using QuotaRulesInForce = std::function<std::shared_ptr<const QuotaRules>()>;

/// What a use did to a record; pure. `minute`: the use made its minute count.
struct QuotaStep {
  QuotaRecord record;
  std::uint32_t percent_crossed = 0;  // to be said as a violation: 80 or 100; 0: nothing
};
[[nodiscard]] QuotaStep advance(QuotaRecord record, const QuotaUse& used, bool minute, const QuotaUse& limit,
                                TimeNs now);

class QuotaLedger {
 public:
  QuotaLedger(QuotaRulesInForce in_force, FactsWriter facts)
      : in_force_(std::move(in_force)), facts_(std::move(facts)) {}

  /// Takes up the policy in force. When it is another one than before, and the first time, facts are owed
  /// about all whom it concerns: who was told of before, or has used 80 % or more.
  [[nodiscard]] Result<void> look(Store& store, TimeNs now);
  /// Into the sums; false: left out, since the rule has no quota in the policy in force, nothing was used,
  /// the time is ahead of `now`, or nobody can be called that.
  [[nodiscard]] Result<bool> add(Batch& batch, const QuotaSighting& use, TimeNs now);
  /// Tells what is owed. Where Redis refuses (full, not allowed, its node away) it stays owed, and the reason
  /// is given.
  [[nodiscard]] Result<std::optional<Error>> tell(Store& store, TimeNs now);

 private:
  [[nodiscard]] Result<void> owe_all(Store& store, TimeNs now) const;
  /// At most kFactsAtOnce; gives how many.
  [[nodiscard]] Result<std::size_t> tell_some(Store& store, TimeNs now);

  QuotaRulesInForce in_force_;
  FactsWriter facts_;
  std::shared_ptr<const QuotaRules> rules_;
  bool whole_set_ = false;  // what is owed now is all there is to tell
};

}  // namespace weir::policy
