// SPDX-License-Identifier: Apache-2.0
// weirctl quota list | forgive: what subjects used of the quotas of rules, and letting one begin anew.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/people.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/decide/quota.h"
#include "policy/lang/compile.h"
#include "policy/lang/policy.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

constexpr std::uint32_t kQuotasShown = 1'000;  // rows
constexpr std::uint32_t kQuotasShownMax = 100'000;

using PolicyPointer = std::shared_ptr<const policy::Policy>;

/// nullptr: the mistakes are told.
PolicyPointer policy_in_force(Context& context, const Settings& settings) {
  const auto [file, revision] = in_force_on_disk(settings.classifier.policy);
  const auto compiled = policy::compile_file(file, revision);
  if (compiled) return *compiled;
  context.fail(compiled.error());
  return nullptr;
}

const char* word_of(QuotaEvery every) {
  return every == QuotaEvery::kDay ? "day" : every == QuotaEvery::kWeek ? "week" : "month";
}

/// Of the amount that is nearest to its limit, rounded down.
std::uint64_t percent_of(const QuotaUse& used, const QuotaUse& limit) {
  const auto percent = [](std::uint64_t part, std::uint64_t of) { return of == 0 ? 0 : part * 100 / of; };
  return std::max({percent(used.bytes, limit.bytes), percent(used.seconds, limit.seconds),
                   percent(used.flows, limit.flows), percent(used.messages, limit.messages)});
}

Json amounts(const QuotaUse& use) {
  return {{"bytes", use.bytes}, {"seconds", use.seconds}, {"flows", use.flows}, {"messages", use.messages}};
}

Json row_of(const policy::QuotaRecord& record, const Quota* quota, const PeopleShown& shown) {
  Json row{{"rule", record.rule}, {"subject", shown.subject(record.subject)}};
  row["period"] = quota == nullptr ? "-" : word_of(quota->every);
  row["begins"] = time_text(record.begins);
  row["ends"] = time_text(record.ends);
  row["used"] = quota == nullptr ? "the rule has no quota now" : policy::words_of(*quota, record.used);
  row["percent"] = quota == nullptr ? Json(nullptr) : Json(percent_of(record.used, quota->limit));
  row["last_used"] = time_text(record.last_used);
  row["amounts"] = amounts(record.used);
  row["limits"] = quota == nullptr ? Json(nullptr) : amounts(quota->limit);
  return row;
}

void list(Context& context, policy::QuotaFilter filter, std::uint32_t count) {
  const auto settings = context.settings();
  if (!settings) return;
  const PolicyPointer policy = policy_in_force(context, *settings);
  if (!policy) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  auto named = subject_named(*settings, *store, filter.subject);
  if (!named) return context.fail(named.error());
  filter.subject = std::move(*named);
  filter.after = wall_clock();
  const auto records = store->quotas(filter, count);
  if (!records) return context.fail(records.error());
  const PeopleShown shown{*settings};
  Json rows = Json::array();
  for (const policy::QuotaRecord& one : *records)
    rows.push_back(row_of(one, policy::quota_of(*policy, one.rule), shown));
  print(render(context.format_or(Format::kTable), rows,
               {"rule", "subject", "used", "percent", "ends", "last_used"}));
}

struct Forgiving {
  std::string rule;
  std::string subject;
  std::string reason;
};

/// It stays to be seen beside the warning and the end that were said.
policy::ViolationSighting sighting_of(const Forgiving& what, const std::string& used,
                                      const policy::Policy& policy, TimeNs now) {
  policy::ViolationSighting sighting;
  sighting.rule = what.rule;
  for (const policy::RuleSummary& rule : policy.rules())
    if (rule.name == what.rule) sighting.section = to_string(rule.section);
  sighting.action = to_string(Action::kReport);
  sighting.severity = Severity::kInfo;
  sighting.subject = what.subject;
  sighting.object = fmt::format("quota forgiven by {} ({}): {}", author(), what.reason, used);
  sighting.revision = policy.revision();
  sighting.at = now;
  return sighting;
}

void forgive(Context& context, const Forgiving& what) {
  const auto settings = context.settings();
  if (!settings) return;
  const PolicyPointer policy = policy_in_force(context, *settings);
  if (!policy) return;
  const Quota* const quota = policy::quota_of(*policy, what.rule);
  if (quota == nullptr) {
    return context.fail(Error{ErrorCode::kNotFound,
                              fmt::format("no rule {} with a quota is in force", what.rule),
                              "weirctl quota list names those that were used",
                              {}});
  }
  auto store = open_store_to_change(*settings);
  if (!store) return context.fail(store.error());
  const auto subject = subject_named(*settings, *store, what.subject);
  if (!subject) return context.fail(subject.error());
  auto batch = store->begin();
  if (!batch) return context.fail(may_not_write(batch.error()));
  const TimeNs now = wall_clock();
  const auto before = batch->forgive(what.rule, *subject, now);
  if (!before) return context.fail(may_not_write(before.error()));
  const std::string used = policy::words_of(*quota, before->used);
  if (auto said = batch->record(sighting_of({what.rule, *subject, what.reason}, used, *policy, now)); !said)
    return context.fail(said.error());
  if (auto done = batch->commit(); !done) return context.fail(done.error());
  print(fmt::format("{} had used {} of {} and begins anew\n", printable(what.subject), used, what.rule));
}

}  // namespace

void add_quota(CLI::App& app, Context& context) {
  CLI::App* quota = app.add_subcommand("quota", "what was used of the quotas of rules");
  quota->fallthrough();
  quota->require_subcommand(1);
  auto filter = std::make_shared<policy::QuotaFilter>();
  auto count = std::make_shared<std::uint32_t>(kQuotasShown);
  CLI::App* listing = add_command(*quota, "list", "in the periods that run now, by rule and subject", context,
                                  [filter, count](Context& used) { list(used, *filter, *count); });
  listing->add_option("--rule", filter->rule, "only this rule");
  listing->add_option("--subject", filter->subject,
                      "only this subject: an address, a user, \"group NAME\", all");
  listing->add_option("--count", *count, "at most so many rows")
      ->capture_default_str()
      ->check(CLI::Range(1U, kQuotasShownMax));

  auto what = std::make_shared<Forgiving>();
  CLI::App* forgiving = add_command(*quota, "forgive", "sets what a subject used in this period to nothing",
                                    context, [what](Context& used) { forgive(used, *what); });
  forgiving->add_option("RULE", what->rule)->required();
  forgiving->add_option("SUBJECT", what->subject, "as weirctl quota list names it")->required();
  forgiving->add_option("--reason", what->reason, "why; weirctl violation list shows it")
      ->required()
      ->check(is_reason);
}

}  // namespace weir::ctl
