// SPDX-License-Identifier: Apache-2.0
#include "policy/report/violation_part.h"

#include <fmt/format.h>

namespace weir::report {
namespace {

constexpr TimeNs kHour = 3'600 * kSecond;
constexpr std::size_t kDayHours = 24;

bool within(TimeNs time, const Period& period) { return time >= period.begin && time < period.end; }

bool later(const policy::Violation& a, const policy::Violation& b) {
  return std::pair{a.first_seen, a.id} < std::pair{b.first_seen, b.id};
}

std::string state_word(const std::string& state, Language language) {
  constexpr std::array kStates{std::pair{"new", Word::kStateNew},
                               std::pair{"in_review", Word::kInReview},
                               std::pair{"confirmed", Word::kConfirmed},
                               std::pair{"justified", Word::kJustified},
                               std::pair{"false_positive", Word::kFalsePositive},
                               std::pair{"closed", Word::kClosed}};
  for (const auto& [name, word] : kStates)
    if (state == name) return std::string(text(word, language));
  return state;
}

}  // namespace

std::string severity_word(Severity severity, Language language) {
  constexpr std::array kWords{Word::kInfo, Word::kLow, Word::kMedium, Word::kHigh, Word::kCritical};
  return std::string(text(kWords.at(static_cast<std::size_t>(severity)), language));
}

std::size_t bars_of(const Period& period) {
  return period.days() == 1 ? kDayHours : static_cast<std::size_t>(period.days());
}

std::size_t bar_at(const Request& request, TimeNs time) {
  const Period& period = request.period;
  const std::int64_t at =
      period.days() == 1 ? (time - period.begin) / kHour : local_day(request.zone, time) - period.first_day;
  // The 25th hour of a day on which the clocks change counts into the last bar.
  return static_cast<std::size_t>(
      std::clamp<std::int64_t>(at, 0, static_cast<std::int64_t>(bars_of(period)) - 1));
}

std::vector<std::string> bar_labels(const Request& request) {
  std::vector<std::string> labels;
  constexpr std::size_t kMonthDay = 5;  // of "2026-11-28"
  for (std::size_t i = 0; i < bars_of(request.period); ++i) {
    labels.push_back(
        request.period.days() == 1
            ? fmt::format("{:02}:00", i)
            : date_text(request.period.first_day + static_cast<std::int64_t>(i)).substr(kMonthDay));
  }
  return labels;
}

ViolationPart::ViolationPart(const Request& request, const Period& previous)
    : request_(request),
      previous_(previous),
      bars_(bars_of(request.period)),
      shown_(request.pseudonyms, std::string(text(Word::kUser, request.language))) {}

void ViolationPart::add(const policy::Violation& violation) {
  const std::string group = request_.group_of(violation.subject);
  if (!request_.group.empty() && group != request_.group) return;
  const bool fresh = within(violation.first_seen, request_.period);
  const bool before = within(violation.first_seen, previous_);
  const bool open = violation.state != "closed";
  const bool seen = open || violation.last_seen >= request_.period.begin;
  const bool false_positive = violation.resolution == "false_positive";
  const bool decided = !violation.resolution.empty();
  const auto count = [&](Sum& sum) {
    sum.fresh += fresh ? 1 : 0;
    sum.before += before ? 1 : 0;
    sum.open += open ? 1 : 0;
    sum.hits += seen ? violation.count : 0;
    sum.decided += decided ? 1 : 0;
    sum.false_positives += false_positive ? 1 : 0;
    sum.severity = std::max(sum.severity, violation.severity);
    if (fresh) sum.subjects.insert(violation.subject);
  };
  const auto severity = static_cast<std::size_t>(violation.severity);
  count(all_);
  count(severities_.at(severity));
  count(rules_.at(violation.rule));
  count(groups_.at(group));
  count(objects_.at(violation.object));
  count(subjects_.at(violation.subject));
  if (seen) ++states_[violation.state];
  if (fresh) ++bars_.at(bar_at(request_, violation.first_seen)).at(severity);
  if (!open) return;
  ++open_count_;
  open_.push_back(violation);  // a heap whose top is the youngest of the oldest
  std::push_heap(open_.begin(), open_.end(), later);
  if (open_.size() <= kTableRowsMax) return;
  std::pop_heap(open_.begin(), open_.end(), later);
  open_.pop_back();
}

void ViolationPart::add(const policy::ViolationClosing& closing) {
  if (!request_.group.empty() && request_.group_of(closing.subject) != request_.group) return;
  for (Sum* const sum : {&all_, &rules_.at(closing.rule)})
    ++(within(closing.at, request_.period) ? sum->closed : sum->closed_before);
}

void ViolationPart::put(Report& report) {
  figures(report);
  chart(report);
  report.tables.push_back(by_severity());
  report.tables.push_back(by_state());
  report.tables.push_back(by_rule());
  if (report.group.empty()) report.tables.push_back(by_group());
  report.tables.push_back(oldest());
  report.tables.push_back(by_object());
  report.tables.push_back(by_subject());
}

void ViolationPart::figures(Report& report) const {
  report.figures.push_back({"new-violations", word(Word::kNewViolations), Cell::count(all_.fresh),
                            Cell::change(all_.before, all_.fresh)});
  report.figures.push_back({"open-violations", word(Word::kOpenViolations), Cell::count(all_.open), {}});
  report.figures.push_back({"closed-violations", word(Word::kClosedViolations), Cell::count(all_.closed),
                            Cell::change(all_.closed_before, all_.closed)});
  report.figures.push_back(
      {"subjects", word(Word::kSubjects), Cell::count(std::uint64_t{all_.subjects.size()}), {}});
}

void ViolationPart::chart(Report& report) const {
  Chart chart{"violations", word(Word::kViolationsOverTime), false, bar_labels(request_), {}};
  for (std::size_t severity = 0; severity < kSeverities; ++severity) {
    Series series{severity_word(static_cast<Severity>(severity), request_.language), {}};
    for (const auto& bar : bars_) series.values.push_back(bar.at(severity));
    chart.series.push_back(std::move(series));
  }
  report.charts.push_back(std::move(chart));
}

Table ViolationPart::by_severity() const {
  Table table{"violations-by-severity", word(Word::kBySeverity), {}, {}, {}, 0};
  table.columns = {{"severity", word(Word::kSeverity), false, 2},
                   {"new", word(Word::kNew), true},
                   {"before", word(Word::kPrevious), true},
                   {"change_percent", word(Word::kChange), true},
                   {"open", word(Word::kOpen), true},
                   {"hits", word(Word::kHits), true}};
  for (std::size_t severity = kSeverities; severity-- > 0;) {
    const Sum& sum = severities_.at(severity);
    table.rows.push_back({Cell::of(severity_word(static_cast<Severity>(severity), request_.language)),
                          Cell::count(sum.fresh), Cell::count(sum.before),
                          Cell::change(sum.before, sum.fresh), Cell::count(sum.open), Cell::count(sum.hits)});
  }
  return table;
}

Table ViolationPart::by_state() const {
  Table table{"violations-by-state", word(Word::kByState), word(Word::kAboutState), {}, {}, 0};
  table.columns = {{"state", word(Word::kState), false, 3}, {"violations", word(Word::kViolations), true}};
  for (const auto& [state, count] : states_)
    table.rows.push_back({Cell::of(state_word(state, request_.language)), Cell::count(count)});
  return table;
}

Table ViolationPart::by_rule() const {
  Table table{"violations-by-rule", word(Word::kByRule), word(Word::kAboutByRule), {}, {}, 0};
  table.columns = {{"rule", word(Word::kRule), false, 3},
                   {"severity", word(Word::kSeverity), false, 1.3},
                   {"new", word(Word::kNew), true},
                   {"before", word(Word::kPrevious), true},
                   {"closed", word(Word::kClosedViolations), true},
                   {"open", word(Word::kOpen), true},
                   {"hits", word(Word::kHits), true, 1.2},
                   {"false_positive_percent", word(Word::kFalsePositives), true, 1.2}};
  put_rows(table,
           rules_.sorted([](const Sum& sum) { return sum.fresh * 2 + (sum.open + sum.closed > 0 ? 1 : 0); }),
           [&](const auto& row) -> std::vector<Cell> {
             const Sum& sum = row.second;
             return {Cell::of(row.first),     Cell::of(severity_word(sum.severity, request_.language)),
                     Cell::count(sum.fresh),  Cell::count(sum.before),
                     Cell::count(sum.closed), Cell::count(sum.open),
                     Cell::count(sum.hits),   Cell::share(sum.false_positives, sum.decided)};
           });
  return table;
}

Table ViolationPart::by_group() const {
  Table table{"violations-by-group", word(Word::kByGroup), {}, {}, {}, 0};
  table.columns = {{"group", word(Word::kGroup), false, 3}, {"new", word(Word::kNew), true},
                   {"before", word(Word::kPrevious), true}, {"change_percent", word(Word::kChange), true},
                   {"open", word(Word::kOpen), true},       {"subjects", word(Word::kSubjects), true, 2}};
  put_rows(table,
           groups_.sorted([](const Sum& sum) { return sum.fresh * 2 + (sum.open + sum.closed > 0 ? 1 : 0); }),
           [&](const auto& row) -> std::vector<Cell> {
             const Sum& sum = row.second;
             return {Cell::of(row.first.empty() ? word(Word::kNoGroup) : row.first),
                     Cell::count(sum.fresh),
                     Cell::count(sum.before),
                     Cell::change(sum.before, sum.fresh),
                     Cell::count(sum.open),
                     Cell::count(std::uint64_t{sum.subjects.size()})};
           });
  return table;
}

Table ViolationPart::oldest() {
  Table table{"oldest-open", word(Word::kOldestOpen), word(Word::kAboutOldest), {}, {}, 0};
  table.columns = {
      {"id", word(Word::kNumber), true, 0.8},          {"rule", word(Word::kRule), false, 2},
      {"severity", word(Word::kSeverity), false, 1.2}, {"subject", word(Word::kSubject), false, 2},
      {"object", word(Word::kObject), false, 2.5},     {"first_seen", word(Word::kFirstSeen), false, 1.9},
      {"days", word(Word::kDays), true, 0.8}};
  std::sort_heap(open_.begin(), open_.end(), later);
  for (const policy::Violation& one : open_) {
    const TimeNs age = std::max<TimeNs>(request_.period.end - one.first_seen, 0);
    table.rows.push_back(
        {Cell::count(one.id), Cell::of(one.rule), Cell::of(severity_word(one.severity, request_.language)),
         Cell::of(shown_.subject(one.subject)), Cell::of(shown_.object(one.object)),
         Cell::time(one.first_seen), Cell::count(age / (kHour * static_cast<TimeNs>(kDayHours)))});
  }
  table.left_out = open_count_ - open_.size();
  return table;
}

Table ViolationPart::by_object() const {
  Table table{"top-objects", word(Word::kTopObjects), {}, {}, {}, 0};
  table.columns = {{"object", word(Word::kObject), false, 4},
                   {"severity", word(Word::kSeverity), false, 1.2},
                   {"new", word(Word::kNew), true},
                   {"before", word(Word::kPrevious), true},
                   {"hits", word(Word::kHits), true}};
  put_rows(table, objects_.sorted([](const Sum& sum) { return sum.fresh; }),
           [&](const auto& row) -> std::vector<Cell> {
             return {Cell::of(shown_.object(row.first)),
                     Cell::of(severity_word(row.second.severity, request_.language)),
                     Cell::count(row.second.fresh), Cell::count(row.second.before),
                     Cell::count(row.second.hits)};
           });
  return table;
}

Table ViolationPart::by_subject() {
  Table table{"top-subjects", word(Word::kTopSubjects), word(Word::kPrivacy), {}, {}, 0};
  table.columns = {{"subject", word(Word::kSubject), false, 4},
                   {"new", word(Word::kNew), true},
                   {"before", word(Word::kPrevious), true},
                   {"open", word(Word::kOpen), true},
                   {"hits", word(Word::kHits), true}};
  put_rows(table, subjects_.sorted([](const Sum& sum) { return sum.fresh; }),
           [&](const auto& row) -> std::vector<Cell> {
             return {Cell::of(shown_.subject(row.first)), Cell::count(row.second.fresh),
                     Cell::count(row.second.before), Cell::count(row.second.open),
                     Cell::count(row.second.hits)};
           });
  return table;
}

}  // namespace weir::report
