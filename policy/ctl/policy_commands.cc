// SPDX-License-Identifier: Apache-2.0
// weirctl policy check FILE | test [FILE] | apply FILE | show | format FILE | schema; the others have files
// of their own.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/policy_schedule.h"
#include "policy/ctl/policy_schema.h"
#include "policy/decide/policy_tests.h"
#include "policy/lang/catalogue.h"
#include "policy/lang/compile.h"
#include "policy/lang/pending.h"
#include "policy/lang/policy.h"
#include "policy/model/document_text.h"
#include "policy/model/duration.h"

namespace weir::ctl {
namespace {

void check(Context& context, const std::string& file, const std::string& catalogue_file) {
  policy::Catalogue catalogue;
  if (!catalogue_file.empty()) {
    auto loaded = policy::load_catalogue(catalogue_file);
    if (!loaded) return context.fail(loaded.error());
    catalogue = std::move(*loaded);
  }
  std::vector<Error> warnings;
  const auto compiled =
      policy::compile_file(file, 0, catalogue_file.empty() ? nullptr : &catalogue, {}, &warnings);
  if (!compiled) return context.fail(compiled.error());
  context.warn(warnings);
  const policy::Policy& policy = **compiled;
  if (const auto failed = policy::failed_tests(policy, file); !failed.empty()) return context.fail(failed);
  print(fmt::format(
      "{}: no mistakes, {} rules{}\n", file, policy.rules().size(),
      policy.parts().tests.empty() ? "" : fmt::format(", {} tests hold", policy.parts().tests.size())));
}

/// The same policy in the one form that Weir writes.
void format(Context& context, const std::string& file) {
  const auto compiled = policy::compile_file(file, 0);
  if (!compiled) return context.fail(compiled.error());
  const auto text = read_text(file);
  if (!text) return context.fail(text.error());
  const auto root = parse_document(*text, file);
  if (!root) return context.fail(root.error());
  print(document_text(*root));
}

/// A row a test: what it expects, what the policy says, and why.
void run_tests(Context& context, const std::string& file) {
  std::string path = file;
  if (path.empty()) {
    const auto settings = context.settings();
    if (!settings) return;
    path = in_force_on_disk(settings->classifier.policy).file;
  }
  const auto compiled = policy::compile_file(path, 0);
  if (!compiled) return context.fail(compiled.error());
  Json rows = Json::array();
  for (const policy::TestOutcome& outcome : policy::run_tests(**compiled)) {
    if (!outcome.holds()) context.exit_code = kNegative;
    rows.push_back({{"test", outcome.test->name},
                    {"holds", outcome.holds() ? "yes" : "NO"},
                    {"expects", to_string(outcome.test->expect)},
                    {"said", to_string(outcome.said)},
                    {"rule", outcome.rule},
                    {"why", outcome.why}});
  }
  if (rows.empty() && context.format_or(Format::kTable) == Format::kTable)
    return print(fmt::format("{} has no tests\n", path));
  print(render(context.format_or(Format::kTable), rows, {"test", "holds", "expects", "said", "rule", "why"}));
}

struct ApplyWords {
  std::string file;
  std::string reason;
  std::string confirm_within;
  std::string at;
  bool over_changes = false;
  std::string canary;
  std::string lasting;
  std::string then = "promote";
};

void apply_file(Context& context, const ApplyWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  ApplyOptions options{.name = words.file,
                       .reason = words.reason,
                       .canary = words.canary,
                       .promotes = words.then == "promote"};
  if (const std::string& lasts = words.canary.empty() ? words.confirm_within : words.lasting;
      !lasts.empty()) {
    const auto within = parse_duration(lasts);
    if (!within) {
      context.fail(within.error());
      context.exit_code = kUsage;
      return;
    }
    options.confirm_within = *within;
  }
  const auto text = read_text(words.file);
  if (!text) return context.fail(text.error());
  if (words.at.empty()) return apply_text(context, *settings, *text, options);
  schedule_text(context, *settings, *text, options, {words.at, words.over_changes});
}

Json rows_of(const policy::Policy& policy) {
  Json rows = Json::array();
  for (const policy::RuleSummary& rule : policy.rules()) {
    rows.push_back(
        {{"line", rule.line},
         {"section", to_string(rule.section)},
         {"rule", rule.name},
         {"who", rule.who},
         {"when", rule.when},
         {"match", rule.match},
         {"then", rule.monitor ? fmt::format("{} (monitor)", to_string(rule.then)) : to_string(rule.then)},
         {"severity", to_string(rule.severity)},
         {"tell_officer", rule.tell_officer}});
  }
  return rows;
}

/// For whom it is, when that is not all.
std::string canary_words(const std::string& path, std::uint32_t revision) {
  const auto pending = policy::read_pending(path);
  if (!pending || pending->group.empty() || pending->revision != revision || pending->is_over()) return {};
  return fmt::format(", a canary for {}; {} left, revision {} for all others", pending->group,
                     duration_text(pending->deadline - policy::boot_time_now()), pending->back);
}

void show(Context& context, bool as_text) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& path = settings->classifier.policy;
  const auto [file, revision] = in_force_on_disk(path);
  const auto text = read_text(file);
  if (!text) return context.fail(text.error());
  if (as_text) return print(*text);
  const auto compiled = policy::compile_file(file, revision);
  if (!compiled) return context.fail(compiled.error());
  const Json rows = rows_of(**compiled);
  const Format format = context.format_or(Format::kTable);
  if (format == Format::kJson) {
    return print(Json{{"revision", revision}, {"file", path}, {"rules", rows}, {"text", *text}}.dump(
                     2, ' ', false, Json::error_handler_t::replace) +
                 "\n");
  }
  if (format == Format::kTable)
    print(fmt::format("revision {} of {}{}\n", revision, path, canary_words(path, revision)));
  print(render(format, rows, {"line", "section", "rule", "who", "when", "match", "then", "severity"}));
}

}  // namespace

void add_policy(CLI::App& app, Context& context) {
  CLI::App* policy = app.add_subcommand("policy", "the rules in force");
  policy->fallthrough();
  policy->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  auto catalogue = std::make_shared<std::string>();
  CLI::App* checking =
      add_command(*policy, "check",
                  "prints every mistake of a policy file, every test that does not hold, and warns of rules "
                  "that never speak",
                  context, [file, catalogue](Context& used) { check(used, *file, *catalogue); });
  checking->add_option("FILE", *file, "policy text")->required()->check(CLI::ExistingFile);
  checking->add_option("--catalogue", *catalogue, "software catalogue that must know every product")
      ->check(CLI::ExistingFile);

  auto words = std::make_shared<ApplyWords>();
  CLI::App* applying =
      add_command(*policy, "apply",
                  "checks a policy file and puts it in force on every worker; on a mistake or a "
                  "refusal the present one stays",
                  context, [words](Context& used) { apply_file(used, *words); });
  applying->add_option("FILE", words->file, "policy text")->required()->check(CLI::ExistingFile);
  CLI::Option* const within = applying->add_option(
      "--confirm-within", words->confirm_within,
      "90s, 2m: the present one comes back unless weirctl policy confirm is said in time");
  CLI::Option* const at = applying->add_option(
      "--at", words->at, "\"2026-12-01 02:00\" in the policy's time zone, or RFC 3339: put in force then");
  applying
      ->add_flag("--over-changes", words->over_changes,
                 "with --at: also when another policy than the present one is in force by then")
      ->needs(at);
  CLI::Option* const canary =
      applying
          ->add_option("--canary", words->canary, "for the clients of this group of the present policy alone")
          ->excludes(within)
          ->excludes(at);
  canary->needs(applying->add_option("--for", words->lasting, "10m: how long")->needs(canary));
  applying
      ->add_option("--then", words->then, "promote: for all afterwards (left out), or rollback: for nobody")
      ->check(CLI::IsMember({"promote", "rollback"}))
      ->needs(canary);
  applying->add_option("--reason", words->reason, "why; weirctl policy log shows it")->check(is_reason);
  add_policy_history(*policy, context);
  add_policy_schedule(*policy, context);

  add_what_if(*policy, context);
  add_policy_usage(*policy, context);
  add_policy_prove(*policy, context);

  auto tested = std::make_shared<std::string>();
  CLI::App* testing = add_command(*policy, "test", "what the policy says of each flow of its list tests",
                                  context, [tested](Context& used) { run_tests(used, *tested); });
  testing->add_option("FILE", *tested, "policy text; left out: the one in force")->check(CLI::ExistingFile);

  auto written = std::make_shared<std::string>();
  CLI::App* formatting =
      add_command(*policy, "format",
                  "a policy file in one form, however it was written, without comments; to compare or to "
                  "generate from",
                  context, [written](Context& used) { format(used, *written); });
  formatting->add_option("FILE", *written, "policy text")->required()->check(CLI::ExistingFile);

  add_command(*policy, "schema", "the policy file as a JSON Schema (draft-07), for editors", context,
              [](Context&) { print(policy_schema().dump(2) + "\n"); });

  auto as_text = std::make_shared<bool>(false);
  CLI::App* showing = add_command(*policy, "show", "the policy in force, a line a rule", context,
                                  [as_text](Context& used) { show(used, *as_text); });
  showing->add_flag("--text", *as_text, "the text as it was applied");
}

}  // namespace weir::ctl
