// SPDX-License-Identifier: Apache-2.0
// weirctl violation list | show: what the engine recorded, and what became of it.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/exceptions.h"
#include "policy/ctl/explain_words.h"
#include "policy/ctl/people.h"
#include "policy/ctl/violation_words.h"
#include "policy/engine/kept_event.h"
#include "policy/lang/moment.h"
#include "policy/model/wall_clock.h"
#include "policy/store/violation_store.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kViolationsShown = 100;  // rows

/// What was asked for, as it was written.
struct ViolationQuery {
  policy::ViolationFilter filter;
  std::vector<std::string> severities;
  bool all = false;
  bool overdue = false;
  std::string by = "seen";
  std::string from;
  std::string before;
  std::string cursor;
  std::uint32_t count = kViolationsShown;
};

/// "24h" ago, or a moment in UTC.
Result<TimeNs> moment_of(const std::string& text, TimeNs now) {
  if (text.empty()) return 0;
  if (const auto moment = policy::parse_rfc3339(text)) return *moment;
  const auto ago = parse_lasting(text);
  if (ago) return std::max<TimeNs>(now - *ago, 1);
  return failure(ErrorCode::kInvalid, fmt::format("'{}' is no time", text),
                 "write 24h, 7d or 2027-06-30T16:00:00Z");
}

Result<policy::ViolationFilter> filter_of(const ViolationQuery& query, TimeNs now) {
  policy::ViolationFilter filter = query.filter;
  for (const std::string& word : query.severities) {
    for (std::size_t i = 0; i < policy::kSeverities; ++i)
      if (word == to_string(static_cast<Severity>(i))) filter.severities.push_back(static_cast<Severity>(i));
  }
  if (query.all) filter.states.assign(policy::kViolationStates.begin(), policy::kViolationStates.end());
  const auto from = moment_of(query.from, now);
  if (!from) return tl::unexpected(from.error());
  const auto before = moment_of(query.before, now);
  if (!before) return tl::unexpected(before.error());
  filter.seen_from = *from;
  filter.seen_before = *before;
  if (query.overdue) filter.overdue_at = now;
  if (query.by == "due") filter.order = policy::ViolationOrder::kDue;
  return filter;
}

void list_violations(Context& context, const ViolationQuery& query) {
  const auto settings = context.settings();
  if (!settings) return;
  const TimeNs now = wall_clock();
  auto filter = filter_of(query, now);
  if (!filter) {
    context.fail(filter.error());
    context.exit_code = kUsage;
    return;
  }
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  if (!filter->subject.empty()) {
    auto subject = subject_named(*settings, *store, filter->subject);
    if (!subject) return context.fail(subject.error());
    filter->subject = std::move(*subject);
  }
  const auto page = policy::violation_page(*store, *filter, query.cursor, query.count);
  if (!page) return context.fail(page.error());
  const PeopleShown shown{*settings};
  Json rows = Json::array();
  for (const policy::Violation& one : page->rows) rows.push_back(violation_row(one, now, shown));
  print(render(context.format_or(Format::kTable), rows,
               {"id", "severity", "rule", "action", "subject", "object", "count", "last_seen", "state",
                "assignee", "due"}));
  if (!page->next.empty()) std::fprintf(stderr, "there are more: --cursor %s\n", page->next.c_str());
}

/// What is known of the flow that showed it last, in the words of `weirctl explain`.
std::string flow_story(policy::Store& store, const policy::Violation& violation) {
  for (const std::string& id : violation.evidence) {
    const auto flow = store.flow(id);
    if (!flow) continue;
    const auto event = policy::kept_event(flow->event);
    if (event) return "\n" + explain_in_words(*event);
  }
  return violation.evidence.empty() ? "" : "\nNone of its flows is kept any more.\n";
}

void show_violation(Context& context, std::int64_t id) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto violation = store->violation(id);
  if (!violation) return context.fail(violation.error());
  const auto history = policy::violation_history(*store, id);
  if (!history) return context.fail(history.error());
  const TimeNs now = wall_clock();
  const PeopleShown shown{*settings};
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kTable) {
    // What a flow says has addresses: beside a pseudonym it would say who that is.
    const std::string flow = shown.clear() ? flow_story(*store, *violation) : "";
    return print(printable(violation_story(*violation, *history, now, shown) + flow));
  }
  Json row = violation_row(*violation, now, shown);
  row["history"] = history_rows(*history);
  if (format == Format::kJson) return print(row.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  Json lines = Json::array();
  for (const auto& [name, value] : row.items()) lines.push_back({{"field", name}, {"value", value}});
  print(render(format, lines, {"field", "value"}));
}

void declare_list(CLI::App& violation, Context& context) {
  auto query = std::make_shared<ViolationQuery>();
  CLI::App* listing = add_command(violation, "list", "those that are not closed, newest first", context,
                                  [query](Context& used) { list_violations(used, *query); });
  const std::vector<std::string> states(policy::kViolationStates.begin(), policy::kViolationStates.end());
  policy::ViolationFilter& filter = query->filter;
  auto* all = listing->add_flag("--all", query->all, "closed ones too");
  listing->add_option("--state", filter.states, "in one of these states")
      ->check(CLI::IsMember(states))
      ->delimiter(',')
      ->excludes(all);
  listing->add_option("--severity", query->severities, "of one of these severities")
      ->check(CLI::IsMember({"info", "low", "medium", "high", "critical"}))
      ->delimiter(',');
  listing->add_option("--rule", filter.rule, "of this rule");
  listing->add_option("--subject", filter.subject, "of this client, or who shares a quota");
  listing->add_option("--object", filter.object_part,
                      "about something that contains these three characters or more");
  auto* assignee = listing->add_option("--assignee", filter.assignee, "taken on by this person");
  listing->add_flag("--unassigned", filter.unassigned, "taken on by nobody")->excludes(assignee);
  listing->add_flag("--overdue", query->overdue, "that should have been closed by now");
  listing->add_option("--from", query->from,
                      "seen last at this time or later: 24h ago, 2027-06-30T16:00:00Z");
  listing->add_option("--before", query->before, "seen last before this time");
  listing->add_option("--by", query->by, "newest first, or soonest due first")
      ->check(CLI::IsMember({"seen", "due"}))
      ->capture_default_str();
  listing->add_option("--cursor", query->cursor, "goes on behind an earlier list, which says from where");
  listing->add_option("--count", query->count, "at most so many rows")
      ->capture_default_str()
      ->check(CLI::Range(1U, policy::kViolationPageMax));
}

}  // namespace

void add_violation(CLI::App& app, Context& context) {
  CLI::App* violation = app.add_subcommand("violation", "hits of rules, grouped by rule, client and object");
  violation->description(
      "hits of rules, grouped by rule, client and object\n\n"
      "  weirctl violation list --severity high,critical --unassigned\n"
      "  weirctl violation list --overdue --by due\n"
      "  weirctl violation show 17\n"
      "  weirctl violation review 17 --reason \"asking the user\"\n"
      "  weirctl violation justify 17 18 --reason \"ordered by marketing\" --exception ads-until-may\n"
      "  weirctl violation close 17 18 --reason \"told the user\"\n"
      "  weirctl violation suppress 17 --for 30d --reason \"printer of the third floor\"\n\n"
      "new -> in_review -> confirmed | justified | false_positive -> closed");
  violation->fallthrough();
  violation->require_subcommand(1);
  declare_list(*violation, context);
  add_violation_export(*violation, context);
  auto id = std::make_shared<std::int64_t>(0);
  CLI::App* showing = add_command(*violation, "show", "one violation: its story, its history, its flows",
                                  context, [id](Context& used) { show_violation(used, *id); });
  showing->add_option("ID", *id, "its number in the list")->required();
  add_violation_changes(*violation, context);
  add_suppressions(*violation, context);
}

}  // namespace weir::ctl
