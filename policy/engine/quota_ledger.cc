// SPDX-License-Identifier: Apache-2.0
#include "policy/engine/quota_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "policy/decide/quota.h"

namespace weir::policy {
namespace {

std::uint32_t percent_reached(const QuotaUse& used, const QuotaUse& limit) {
  if (reaches(used, limit, 100)) return 100;
  return reaches(used, limit, kQuotaWarningPercent) ? kQuotaWarningPercent : 0;
}

/// What an amount with that limit is when the warning is due; 0 stays 0.
std::uint64_t warning_of(std::uint64_t limit) { return (limit * kQuotaWarningPercent + 99) / 100; }

ViolationSighting violation_of(const QuotaSighting& use, const QuotaRule& rule, const QuotaStep& step) {
  ViolationSighting sighting;
  sighting.rule = use.rule;
  sighting.section = to_string(rule.section);
  sighting.action = to_string(Action::kReport);
  sighting.severity = step.percent_crossed == 100 ? rule.severity : Severity::kInfo;
  sighting.subject = use.subject;
  sighting.object =
      fmt::format("quota {} %: {}", step.percent_crossed, words_of(rule.quota, step.record.used));
  sighting.flow_id = use.flow_id;
  sighting.revision = use.revision;
  sighting.at = use.at;
  return sighting;
}

}  // namespace

QuotaRules quota_rules_of(const Policy& policy) {
  QuotaRules made{policy.parts().zone, {}};
  for (const std::vector<Rule>& rules : policy.parts().rules) {
    for (const Rule& rule : rules) {
      if (rule.quota)
        made.rules.insert_or_assign(rule.name, QuotaRule{*rule.quota, rule.section, rule.severity});
    }
  }
  return made;
}

QuotaStep advance(QuotaRecord record, const QuotaUse& used, bool minute, const QuotaUse& limit, TimeNs now) {
  const std::uint32_t before = percent_reached(record.used, limit);
  const auto grow = [](std::uint64_t& sum, std::uint64_t more) {
    sum = std::min(sum + more, kQuotaAmountMax);
  };
  grow(record.used.bytes, used.bytes);
  grow(record.used.flows, used.flows);
  grow(record.used.messages, used.messages);
  if (minute) grow(record.used.seconds, kQuotaMinute / kSecond);
  const std::uint32_t after = percent_reached(record.used, limit);
  const bool told_lately = record.told <= now && now - record.told < kFactEvery;
  if (after > before || (after > 0 && !told_lately)) record.fact_owed = true;
  QuotaStep step;
  if (after > record.percent_said) step.percent_crossed = record.percent_said = after;
  step.record = std::move(record);
  return step;
}

Result<void> QuotaLedger::look(Store& store, TimeNs now) {
  auto present = in_force_();
  if (present == rules_) return {};
  rules_ = std::move(present);
  whole_set_ = true;
  return owe_all(store, now);
}

Result<bool> QuotaLedger::add(Batch& batch, const QuotaSighting& use, TimeNs now) {
  if (!rules_ || use.at > now + kQuotaAheadMax || use.used == QuotaUse{}) return false;
  const auto found = rules_->rules.find(use.rule);
  if (found == rules_->rules.end() || !is_fact_key(use.rule, use.subject)) return false;
  const QuotaRule& rule = found->second;
  const QuotaPeriod period = period_of(rule.quota.every, rules_->zone, use.at);
  auto record = batch.quota(use.rule, use.subject, period.begins, period.ends);
  if (!record) return tl::unexpected(record.error());
  bool minute = false;
  if (const std::uint64_t bytes = std::min(use.used.bytes, kQuotaMinuteBytes); bytes > 0) {
    const auto sum = batch.add_to_minute(use.rule, use.subject, use.at / kQuotaMinute, bytes);
    if (!sum) return tl::unexpected(sum.error());
    minute = *sum >= kQuotaMinuteBytes && *sum - bytes < kQuotaMinuteBytes;
  }
  record->last_used = std::max(record->last_used, use.at);
  QuotaStep step = advance(std::move(*record), use.used, minute, rule.quota.limit, now);
  if (step.percent_crossed > 0) {
    if (auto said = batch.record(violation_of(use, rule, step)); !said) return tl::unexpected(said.error());
  }
  if (step.record.ends <= now) step.record.fact_owed = false;  // nobody asks any more
  if (auto kept = batch.put(step.record); !kept) return tl::unexpected(kept.error());
  return true;
}

Result<std::optional<Error>> QuotaLedger::tell(Store& store, TimeNs now) {
  if (facts_.wants_whole_set()) {
    if (auto owed = owe_all(store, now); !owed) return tl::unexpected(owed.error());
    whole_set_ = true;
  }
  const auto owes = store.owes_facts();
  if (!owes) return tl::unexpected(owes.error());
  for (bool more = *owes; more;) {
    const auto told = tell_some(store, now);
    if (!told && told.error().code == ErrorCode::kLimit) return told.error();
    if (!told) return tl::unexpected(told.error());
    more = *told == kFactsAtOnce;
  }
  if (std::exchange(whole_set_, false)) facts_.wrote_whole_set();
  return std::nullopt;
}

Result<void> QuotaLedger::owe_all(Store& store, TimeNs now) const {
  if (!rules_ || rules_->rules.empty()) return {};
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  for (const auto& [name, rule] : rules_->rules) {
    const QuotaUse& limit = rule.quota.limit;
    const QuotaUse warning{warning_of(limit.bytes), warning_of(limit.seconds), warning_of(limit.flows),
                           warning_of(limit.messages)};
    if (auto owed = batch->owe_facts(name, warning, now); !owed) return owed;
  }
  return batch->commit();
}

Result<std::size_t> QuotaLedger::tell_some(Store& store, TimeNs now) {
  auto batch = store.begin();
  if (!batch) return tl::unexpected(batch.error());
  const auto owed = batch->take_owed(kFactsAtOnce, now);
  if (!owed) return tl::unexpected(owed.error());
  std::vector<QuotaFact> facts;
  for (const QuotaRecord& record : *owed) {
    if (record.ends > now) facts.push_back({record.rule, record.subject, record.ends, record.used});
  }
  if (auto written = facts_.write(facts); !written) return tl::unexpected(written.error());
  if (auto counted = batch->count("quota_facts", static_cast<std::int64_t>(facts.size())); !counted)
    return tl::unexpected(counted.error());
  if (auto committed = batch->commit(); !committed) return tl::unexpected(committed.error());
  return owed->size();
}

}  // namespace weir::policy
