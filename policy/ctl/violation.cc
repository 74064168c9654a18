// SPDX-License-Identifier: Apache-2.0
// weirctl violation list | show ID: what the engine recorded.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/people.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kViolationsShown = 100;  // rows
constexpr std::uint32_t kViolationsShownMax = 10'000;

Json row_of(const policy::Violation& violation, const PeopleShown& shown) {
  return {{"id", violation.id},
          {"rule", violation.rule},
          {"section", violation.section},
          {"severity", to_string(violation.severity)},
          {"action", violation.would_block ? "would " + violation.action : violation.action},
          {"subject", shown.subject(violation.subject)},
          {"object", shown.object(violation.object)},
          {"count", violation.count},
          {"first_seen", time_text(violation.first_seen)},
          {"last_seen", time_text(violation.last_seen)},
          {"state", violation.state},
          {"revision", violation.revision},
          {"flows", violation.evidence}};
}

void list_violations(Context& context, bool all, std::uint32_t count) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto violations = store->violations(!all, count);
  if (!violations) return context.fail(violations.error());
  const PeopleShown shown{*settings};
  Json rows = Json::array();
  for (const policy::Violation& one : *violations) {
    const auto whole = store->violation(one.id);  // with its evidence; gone only if it was evicted meanwhile
    rows.push_back(row_of(whole ? *whole : one, shown));
  }
  print(render(context.format_or(Format::kTable), rows,
               {"id", "severity", "rule", "action", "subject", "object", "count", "last_seen", "state"}));
}

void show(Context& context, std::int64_t id) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const auto violation = store->violation(id);
  if (!violation) return context.fail(violation.error());
  const Json row = row_of(*violation, PeopleShown{*settings});
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kJson) return print(row.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  Json lines = Json::array();
  for (const auto& [name, value] : row.items()) lines.push_back({{"field", name}, {"value", value}});
  print(render(format, lines, {"field", "value"}));
}

}  // namespace

void add_violation(CLI::App& app, Context& context) {
  CLI::App* violation = app.add_subcommand("violation", "hits of rules, grouped by rule, client and object");
  violation->fallthrough();
  violation->require_subcommand(1);

  auto all = std::make_shared<bool>(false);
  auto count = std::make_shared<std::uint32_t>(kViolationsShown);
  CLI::App* listing = add_command(*violation, "list", "newest first", context,
                                  [all, count](Context& used) { list_violations(used, *all, *count); });
  listing->add_flag("--all", *all, "closed ones too");
  listing->add_option("--count", *count, "at most so many rows")
      ->capture_default_str()
      ->check(CLI::Range(1U, kViolationsShownMax));

  add_violation_export(*violation, context);

  auto id = std::make_shared<std::int64_t>(0);
  CLI::App* showing = add_command(*violation, "show", "one violation with its evidence", context,
                                  [id](Context& used) { show(used, *id); });
  showing->add_option("ID", *id, "its number in the list")->required();
}

}  // namespace weir::ctl
