// SPDX-License-Identifier: Apache-2.0
#include "policy/decide/quota.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace weir::policy {
namespace {

/// First local day of the period that `day` lies in, and of the one after it; days since 1970-01-01.
std::pair<std::int64_t, std::int64_t> days_of(QuotaEvery every, std::int64_t day) {
  using namespace std::chrono;
  const sys_days date{days{day}};
  if (every == QuotaEvery::kDay) return {day, day + 1};
  if (every == QuotaEvery::kWeek) {
    const std::int64_t monday = day - (weekday{date}.iso_encoding() - 1);
    return {monday, monday + 7};
  }
  const year_month_day civil{date};
  const auto first = [](year_month month) { return sys_days{month / 1}.time_since_epoch().count(); };
  const year_month month = civil.year() / civil.month();
  return {first(month), first(month + months{1})};
}

std::string_view period_word(QuotaEvery every) {
  return every == QuotaEvery::kDay ? "today" : every == QuotaEvery::kWeek ? "this week" : "this month";
}

}  // namespace

QuotaPeriod period_of(QuotaEvery every, const TimeZone& zone, TimeNs now) {
  const std::int64_t unix_s = now / kSecond - (now % kSecond < 0 ? 1 : 0);
  const std::int64_t local_s = unix_s + zone.offset_s(unix_s);
  const std::int64_t day = local_s / kDayS - (local_s % kDayS < 0 ? 1 : 0);
  const auto [first, next] = days_of(every, day);
  return {zone.midnight(first) * kSecond, zone.midnight(next) * kSecond};
}

const Quota* quota_of(const Policy& policy, std::string_view rule) {
  for (const std::vector<Rule>& rules : policy.parts().rules) {
    const auto at =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& one) { return one.name == rule; });
    if (at != rules.end()) return at->quota ? &*at->quota : nullptr;
  }
  return nullptr;
}

std::string subject_of(QuotaPer per, const FlowFacts& facts, const Group* group) {
  if (per == QuotaPer::kAll) return "all";
  if (per == QuotaPer::kGroup && group != nullptr) return "group " + group->name;
  const ClientFacts* const client = facts.client_identity.get();
  if (per == QuotaPer::kUser && client != nullptr && is_vouched_for(client->user_source)) return client->user;
  return facts.client().to_string();
}

QuotaMet meet(const Rule& rule, const FlowFacts& facts, const Group* group, const DynamicFacts& dynamic,
              TimeNs now) {
  QuotaMet met;
  met.fact.rule = rule.name;
  met.fact.subject = subject_of(rule.quota->per, facts, group);
  if (dynamic.quotas == nullptr) return met;
  if (const QuotaFact* const known = dynamic.quotas->find(rule.name, met.fact.subject, now))
    met.fact = *known;
  met.used_up = reaches(met.fact.used, rule.quota->limit, 100);
  // What is blocked uses nothing more.
  met.counts = !met.used_up || !blocks(rule.then) || rule.monitor;
  return met;
}

std::string words_of(const Quota& quota, const QuotaUse& used) {
  std::string text;
  const auto add = [&](std::uint64_t part, std::uint64_t of, double unit, std::string_view name) {
    if (of == 0) return;
    text += fmt::format("{}{:.4g} of {:.4g} {}", text.empty() ? "" : ", ", static_cast<double>(part) / unit,
                        static_cast<double>(of) / unit, name);
  };
  constexpr double kMinute = 60;
  constexpr double kMega = 1e6;
  constexpr double kGiga = 1e9;
  const bool large = quota.limit.bytes >= static_cast<std::uint64_t>(kGiga);
  add(used.seconds, quota.limit.seconds, kMinute, "min");
  add(used.bytes, quota.limit.bytes, large ? kGiga : kMega, large ? "GB" : "MB");
  add(used.flows, quota.limit.flows, 1, "flows");
  add(used.messages, quota.limit.messages, 1, "messages");
  return fmt::format("{} {}", text, period_word(quota.every));
}

}  // namespace weir::policy
