// SPDX-License-Identifier: Apache-2.0
// The officers' queue. Subjects are pseudonyms unless privacy.people is clear.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "policy/console/answers.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/violation_words.h"
#include "policy/lang/moment.h"
#include "policy/lang/port_range.h"
#include "policy/model/settings.h"
#include "policy/store/violation_store.h"

namespace weir::console {
namespace {

constexpr std::size_t kChangesMax = 5'000;  // violations at once
constexpr std::size_t kGroupsShown = 5;     // of each kind, in what a filter matches

Json api_row(const policy::Violation& violation, TimeNs now, const ctl::PeopleShown& shown) {
  return without_dashes(ctl::violation_row(violation, now, shown), {"due", "first_seen", "last_seen"});
}

Result<std::vector<std::string>> states_of(const std::string& text) {
  std::vector<std::string> states;
  if (text.empty()) return states;
  for (const std::string_view word : comma_separated(text)) {
    if (std::ranges::find(policy::kViolationStates, word) == policy::kViolationStates.end())
      return failure(ErrorCode::kInvalid, fmt::format("'{}' is no state", word));
    states.emplace_back(word);
  }
  return states;
}

Result<std::vector<Severity>> severities_of(const std::string& text) {
  std::vector<Severity> severities;
  if (text.empty()) return severities;
  for (const std::string_view word : comma_separated(text)) {
    std::size_t i = 0;
    while (i < policy::kSeverities && word != to_string(static_cast<Severity>(i))) ++i;
    if (i == policy::kSeverities)
      return failure(ErrorCode::kInvalid, fmt::format("'{}' is no severity", word));
    severities.push_back(static_cast<Severity>(i));
  }
  return severities;
}

Result<TimeNs> moment_of(const std::string& text) {
  if (text.empty()) return 0;
  const auto moment = policy::parse_rfc3339(text);
  if (!moment)
    return failure(ErrorCode::kInvalid, fmt::format("'{}' is no time", text), "2027-06-30T16:00:00Z");
  return *moment;
}

Result<policy::ViolationFilter> filter_of(Desk& desk, const Call& call) {
  policy::ViolationFilter filter{.rule = call.asked("rule"),
                                 .object_part = call.asked("object"),
                                 .assignee = call.asked("assignee"),
                                 .unassigned = call.asked("unassigned") == "true",
                                 .overdue_at = call.asked("overdue") == "true" ? call.now : 0};
  if (call.asked("order") == "due") filter.order = policy::ViolationOrder::kDue;
  auto states = states_of(call.asked("state"));
  if (!states) return tl::unexpected(states.error());
  filter.states = std::move(*states);
  auto severities = severities_of(call.asked("severity"));
  if (!severities) return tl::unexpected(severities.error());
  filter.severities = std::move(*severities);
  const auto from = moment_of(call.asked("from"));
  if (!from) return tl::unexpected(from.error());
  filter.seen_from = *from;
  const auto before = moment_of(call.asked("before"));
  if (!before) return tl::unexpected(before.error());
  filter.seen_before = *before;
  if (const std::string subject = call.asked("subject"); !subject.empty()) {
    auto known = ctl::subject_behind(desk.store(), desk.people().pseudonyms, subject);
    if (!known) return tl::unexpected(known.error());
    filter.subject = std::move(*known);
  }
  return filter;
}

/// nullopt: not 1 to kChangesMax numbers.
std::optional<std::vector<std::int64_t>> ids_of(const Call& call) {
  const auto found = call.body.find("ids");
  if (found == call.body.end() || !found->is_array() || found->empty() || found->size() > kChangesMax)
    return std::nullopt;
  std::vector<std::int64_t> ids;
  for (const Json& one : *found) {
    if (!one.is_number_integer()) return std::nullopt;
    ids.push_back(one.get<std::int64_t>());
  }
  return ids;
}

/// How many violations have each value; the most frequent first.
class Groups {
 public:
  void add(const std::string& value) { ++counts_[value]; }
  [[nodiscard]] Json json(std::size_t most) const {
    std::vector<std::pair<std::string, std::uint64_t>> all{counts_.begin(), counts_.end()};
    std::ranges::stable_sort(all, std::greater{}, &std::pair<std::string, std::uint64_t>::second);
    Json rows = Json::array();
    for (const auto& [value, count] : all) {
      if (rows.size() == most) break;
      rows.push_back({{"name", value}, {"count", count}});
    }
    return {{"different", all.size()}, {"most", std::move(rows)}};
  }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

/// All that a filter matches, up to kChangesMax: its groups, and of each what takes a change back.
Json matching_json(const policy::ViolationPage& page, const ctl::PeopleShown& shown) {
  Groups rules, subjects, severities, states;
  Json rows = Json::array();
  for (const policy::Violation& one : page.rows) {
    rules.add(one.rule);
    subjects.add(shown.subject(one.subject));
    severities.add(to_string(one.severity));
    states.add(one.state);
    rows.push_back({{"id", one.id}, {"state", one.state}, {"assignee", one.assignee}});
  }
  return {{"violations", std::move(rows)},
          {"more", !page.next.empty()},
          {"rules", rules.json(kGroupsShown)},
          {"subjects", subjects.json(kGroupsShown)},
          {"severities", severities.json(policy::kSeverities)},
          {"states", states.json(policy::kViolationStates.size())}};
}

/// What is done to each violation; changes nothing by itself.
struct Change {
  std::string what;
  std::string to;

  [[nodiscard]] std::string wrong(const std::string& reason) const {
    const bool known_state =
        std::ranges::find(policy::kViolationStates, to) != policy::kViolationStates.end();
    if (what != "state" && what != "assignee" && what != "note") return "what is state, assignee or note";
    if (what == "state" && !known_state) return fmt::format("'{}' is no state", to);
    if (what != "assignee" && reason.empty()) return "the reason is missing";
    return reason.size() > ctl::kReasonBytesMax
               ? fmt::format("a reason has at most {} bytes", ctl::kReasonBytesMax)
               : std::string{};
  }
  [[nodiscard]] Result<void> operator()(policy::Batch& batch, std::int64_t id, const policy::Act& act) const {
    if (what == "note") return policy::note_violation(batch, id, act);
    return what == "state" ? policy::move_violation(batch, id, to, act)
                           : policy::assign_violation(batch, id, to, act);
  }
};

}  // namespace

Response list_violations(Desk& desk, const Call& call) {
  const auto count = call.count();
  if (!count) return problem(422, "invalid", fmt::format("count is 1 to {}", kRowsMax));
  const auto filter = filter_of(desk, call);
  if (!filter) {
    // A pseudonym of nobody: there is nothing about them.
    if (filter.error().code == ErrorCode::kNotFound)
      return json_response({{"violations", Json::array()}, {"next", nullptr}});
    return problem_of(filter.error());
  }
  const auto page = policy::violation_page(desk.store(), *filter, call.asked("cursor"), *count);
  if (!page) return problem_of(page.error());
  const ctl::PeopleShown shown{desk.settings()};
  Json rows = Json::array();
  for (const policy::Violation& one : page->rows) rows.push_back(api_row(one, call.now, shown));
  return json_response(
      {{"violations", std::move(rows)}, {"next", page->next.empty() ? Json(nullptr) : Json(page->next)}});
}

Response match_violations(Desk& desk, const Call& call) {
  const ctl::PeopleShown shown{desk.settings()};
  const auto filter = filter_of(desk, call);
  if (!filter && filter.error().code == ErrorCode::kNotFound) return json_response(matching_json({}, shown));
  if (!filter) return problem_of(filter.error());
  const auto page = policy::violation_page(desk.store(), *filter, "", kChangesMax);
  return page ? json_response(matching_json(*page, shown)) : problem_of(page.error());
}

Response show_violation(Desk& desk, const Call& call) {
  const auto id = policy::whole_number<std::int64_t>(call.arguments.front());
  if (!id) return problem(404, "not-found");
  const auto violation = desk.store().violation(*id);
  if (!violation) return problem_of(violation.error());
  const auto history = policy::violation_history(desk.store(), *id);
  if (!history) return problem_of(history.error());
  const ctl::PeopleShown shown{desk.settings()};
  Json row = api_row(*violation, call.now, shown);
  row["story"] = ctl::printable(ctl::violation_story(*violation, *history, call.now, shown));
  row["history"] = ctl::history_rows(*history);
  return json_response(row);
}

Response change_violations(Desk& desk, const Call& call) {
  const auto ids = ids_of(call);
  if (!ids) return problem(422, "invalid", fmt::format("ids are 1 to {} numbers", kChangesMax));
  const std::string reason = call.text("reason");
  const Change change{call.text("what"), call.text("to")};
  if (const std::string wrong = change.wrong(reason); !wrong.empty()) return problem(422, "invalid", wrong);
  auto batch = desk.store().begin();
  if (!batch) return problem_of(batch.error());
  const policy::Act act{call.account.name, call.now, reason};
  for (const std::int64_t id : *ids) {
    if (auto done = change(*batch, id, act); !done) return problem_of(done.error());
  }
  if (call.dry_run()) return json_response({{"changed", ids->size()}, {"dry_run", true}});
  const std::string object = fmt::format(
      "{}{}", fmt::join(ids->begin(), ids->begin() + std::min<std::ptrdiff_t>(20, std::ssize(*ids)), " "),
      ids->size() > 20 ? fmt::format(" and {} more", ids->size() - 20) : "");
  const auto entry =
      Desk::entry_of(call, "violation " + (change.what == "state" ? change.to : change.what), object, reason);
  if (auto done = desk.people().commit(*batch, entry); !done) return problem_of(done.error());
  return json_response({{"changed", ids->size()}});
}

Response reveal(Desk& desk, const Call& call) {
  const std::string reason = call.text("reason");
  const bool blank = reason.find_first_not_of(" \t\n") == std::string::npos;
  if (blank || reason.size() > ctl::kReasonBytesMax)
    return problem(422, "invalid",
                   fmt::format("a reason has words, and at most {} bytes", ctl::kReasonBytesMax));
  const auto behind =
      ctl::reveal_subject(desk.people(), Desk::entry_of(call, "reveal", call.text("pseudonym"), reason));
  return behind ? json_response({{"subject", *behind}}) : problem_of(behind.error());
}

}  // namespace weir::console
