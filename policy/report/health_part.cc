// SPDX-License-Identifier: Apache-2.0
#include "policy/report/health_part.h"

#include <algorithm>
#include <array>

#include "policy/notify/shown_subject.h"

namespace weir::report {
namespace {

constexpr std::uint32_t kQuotasRead = 100'000;
constexpr std::int64_t kPercentTenths = 10;

}  // namespace

Result<void> put_quotas(policy::Store& store, const Request& request, Report& report) {
  const auto word = [&](Word one) { return std::string(text(one, request.language)); };
  const auto records = store.quotas({{}, {}, request.period.begin}, kQuotasRead);
  if (!records) return tl::unexpected(records.error());
  std::vector<const policy::QuotaRecord*> reached;
  for (const policy::QuotaRecord& one : *records) {
    const bool within = one.begins < request.period.end && one.percent_said > 0;
    if (within && (request.group.empty() || request.group_of(one.subject) == request.group))
      reached.push_back(&one);
  }
  std::stable_sort(reached.begin(), reached.end(),
                   [](const auto* a, const auto* b) { return a->percent_said > b->percent_said; });
  Table table{"quotas", word(Word::kQuotas), word(Word::kAboutQuotas), {}, {}, 0};
  table.columns = {{"rule", word(Word::kRule), false, 2.5},   {"subject", word(Word::kSubject), false, 2.5},
                   {"period", word(Word::kPeriod), false, 2}, {"reached_percent", word(Word::kReached), true},
                   {"bytes", word(Word::kBytes), true, 1.3},  {"flows", word(Word::kFlows), true}};
  notify::ShownSubjects shown{request.pseudonyms, word(Word::kUser)};
  for (const policy::QuotaRecord* const one : reached) {
    if (table.rows.size() == kTableRowsMax) {
      ++table.left_out;
      continue;
    }
    table.rows.push_back({Cell::of(one->rule),
                          Cell::of(shown.subject(one->subject)),
                          Cell::time(one->begins),
                          {Cell::Type::kPercent, {}, one->percent_said * kPercentTenths},
                          Cell::bytes(one->used.bytes),
                          Cell::count(one->used.flows)});
  }
  report.tables.push_back(std::move(table));
  return {};
}

Result<void> put_health(policy::Store& store, Report& report) {
  const auto word = [&](Word one) { return std::string(text(one, report.language)); };
  const auto state = store.engine_state();
  if (!state) return tl::unexpected(state.error());
  const auto missing = store.missing_events();
  if (!missing) return tl::unexpected(missing.error());
  const auto value = [&](const char* name) {
    const auto found = state->find(name);
    return found == state->end() ? std::int64_t{0} : found->second;
  };
  const std::int64_t lost = value("events_lost") + value("events_gone");
  report.figures.push_back({"events-lost", word(Word::kEventsLost), Cell::count(lost), {}});
  Table table{"health", word(Word::kHealth), word(Word::kAboutHealth), {}, {}, 0};
  table.columns = {{"measure", word(Word::kMeasure), false, 4}, {"value", word(Word::kValue), true}};
  const std::array rows{std::pair{Word::kEventsApplied, value("events_applied")},
                        std::pair{Word::kEventsDuplicate, value("events_duplicate")},
                        std::pair{Word::kEventsMissing, *missing},
                        std::pair{Word::kEventsLost, value("events_lost")},
                        std::pair{Word::kEventsGone, value("events_gone")},
                        std::pair{Word::kEventsDead, value("events_dead")},
                        std::pair{Word::kRowsEvicted, value("violations_evicted")}};
  for (const auto& [name, number] : rows) table.rows.push_back({Cell::of(word(name)), Cell::count(number)});
  report.tables.push_back(std::move(table));
  return {};
}

}  // namespace weir::report
