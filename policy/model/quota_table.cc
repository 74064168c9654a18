// SPDX-License-Identifier: Apache-2.0
#include "policy/model/quota_table.h"

namespace weir {

bool QuotaTable::learn(const QuotaFact& fact, TimeNs now) {
  if (fact.period_ends <= now) return true;
  if (facts_ >= facts_max_) drop_ended(now);
  Named<QuotaFact>& subjects = rules_[fact.rule];
  const auto known = subjects.find(fact.subject);
  if (known == subjects.end()) {
    if (facts_ >= facts_max_) return false;
    ++facts_;
    subjects.emplace(fact.subject, fact);
  } else {
    known->second = fact;
  }
  return true;
}

const QuotaFact* QuotaTable::find(std::string_view rule, std::string_view subject, TimeNs now) const {
  const auto subjects = rules_.find(rule);
  if (subjects == rules_.end()) return nullptr;
  const auto fact = subjects->second.find(subject);
  return fact == subjects->second.end() || fact->second.period_ends <= now ? nullptr : &fact->second;
}

void QuotaTable::drop_ended(TimeNs now) {
  facts_ = 0;
  for (auto rule = rules_.begin(); rule != rules_.end();) {
    std::erase_if(rule->second, [now](const auto& entry) { return entry.second.period_ends <= now; });
    facts_ += rule->second.size();
    rule = rule->second.empty() ? rules_.erase(rule) : std::next(rule);
  }
}

}  // namespace weir
