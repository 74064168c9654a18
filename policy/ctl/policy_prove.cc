// SPDX-License-Identifier: Apache-2.0
// weirctl policy prove [FILE]: each enforced blocking rule is shown to block, with synthetic flows through a
// data plane and a classifier of the command's own. Nothing reaches the wire.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/rule_proof.h"
#include "policy/lang/compile.h"
#include "policy/model/wall_clock.h"
#include "policy/prove/canary.h"

namespace weir::ctl {
namespace {

constexpr unsigned kSecondsMax = 600;
constexpr std::size_t kRulesPerRunMax = 500;  // with --record; the next run goes on behind them

/// Under which unproved rules are violations of the appliance's own.
constexpr const char* kUnprovedRule = "weir-unproved-rule";
constexpr const char* kProofFailed = "(the proof itself)";  // their object where no rule could be tried
constexpr const char* kNextRule = "prove_next_rule";        // in the store's engine_state

struct ProveOptions {
  std::string file;
  bool record = false;
  unsigned seconds = kProofUsual.count();
};

Json proof_row(const RuleProof& proof) {
  std::string why = proof.why;
  if (!proof.unproved && proof.flows > 0) {
    const std::string flows = fmt::format("{} flow{}", proof.flows, proof.flows == 1 ? "" : "s");
    why = why.empty() ? flows : fmt::format("{}; {}", flows, why);
  }
  return {{"rule", proof.rule->name},
          {"section", to_string(proof.rule->section)},
          {"then", to_string(proof.rule->then)},
          {"proof", proof.word()},
          {"why", why}};
}

/// The rules of this run: all, or with --record at most kRulesPerRunMax, behind those of the run before.
std::vector<const policy::Rule*> of_this_run(std::vector<const policy::Rule*> rules, std::int64_t next) {
  if (rules.size() <= kRulesPerRunMax) return rules;
  const auto first = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(next) % rules.size());
  std::ranges::rotate(rules, rules.begin() + first);
  rules.resize(kRulesPerRunMax);
  return rules;
}

policy::ViolationSighting unproved(const Settings& settings, const ProofSubject& subject,
                                   std::string object) {
  policy::ViolationSighting out;
  out.rule = kUnprovedRule;
  out.section = "appliance";
  out.action = to_string(Action::kReport);
  out.severity = Severity::kHigh;
  out.subject = settings.appliance;
  out.object = std::move(object);
  out.revision = subject.revision;
  out.at = wall_clock();
  return out;
}

/// A violation for each object, and behind which rule the next run goes on: all of it, or nothing.
Result<void> record_unproved(const Settings& settings, const ProofSubject& subject,
                             const std::vector<std::string>& objects, std::int64_t next) {
  auto store = open_store_to_change(settings);
  if (!store) return tl::unexpected(store.error());
  auto batch = store->begin();
  if (!batch) return tl::unexpected(batch.error());
  for (const std::string& object : objects)
    if (auto done = batch->record(unproved(settings, subject, object)); !done) return done;
  if (auto done = batch->set(kNextRule, next); !done) return done;
  return batch->commit();
}

Result<std::int64_t> next_rule(const Settings& settings) {
  auto store = open_store(settings);
  if (!store) return tl::unexpected(store.error());
  const auto state = store->engine_state();
  if (!state) return tl::unexpected(state.error());
  const auto found = state->find(kNextRule);
  return found == state->end() ? 0 : found->second;
}

void show_proofs(Context& context, const ProofSubject& subject, const std::vector<RuleProof>& proofs) {
  Json rows = Json::array();
  for (const RuleProof& proof : proofs) rows.push_back(proof_row(proof));
  const Format format = context.format_or(Format::kTable);
  if (rows.empty() && format == Format::kTable)
    return print(fmt::format("{} has no enforced rule that blocks\n", subject.policy));
  print(render(format, rows, {"rule", "section", "then", "proof", "why"}));
}

/// The policy in force with the appliance's files; a file is proved with those of none.
std::optional<ProofSubject> subject_of(const ProveOptions& options, const std::optional<Settings>& settings) {
  ProofSubject subject;
  subject.classifier.catalogue.clear();
  subject.classifier.signatures.clear();
  subject.policy = options.file;
  subject.longest = std::chrono::seconds{options.seconds};
  if (!options.file.empty()) return subject;
  if (!settings) return std::nullopt;
  const auto [file, revision] = in_force_on_disk(settings->classifier.policy);
  subject.policy = file;
  subject.revision = revision;
  subject.classifier = settings->classifier;
  if (!settings->pairs.empty()) subject.pair = settings->pairs[0];
  return subject;
}

/// Objects of violations; sets the exit code and prints the rows, or why there are none.
std::vector<std::string> prove_and_show(Context& context, const policy::Policy& policy,
                                        const std::vector<const policy::Rule*>& rules,
                                        const ProofSubject& subject) {
  const auto proofs = prove_rules(policy, rules, subject);
  if (!proofs) {
    context.fail(proofs.error());
    context.exit_code = kNegative;
    return {kProofFailed};
  }
  show_proofs(context, subject, *proofs);
  std::vector<std::string> objects;
  for (const RuleProof& proof : *proofs)
    if (proof.unproved) objects.push_back(proof.rule->name);
  if (!objects.empty()) context.exit_code = kNegative;
  return objects;
}

void prove_and_record(Context& context, const policy::Policy& policy, const Settings& settings,
                      const ProofSubject& subject) {
  const auto next = next_rule(settings);
  if (!next) return context.fail(next.error());
  const auto rules = of_this_run(prove::rules_to_prove(policy), *next);
  const std::vector<std::string> objects = prove_and_show(context, policy, rules, subject);
  const auto after = *next + static_cast<std::int64_t>(rules.size());
  if (auto recorded = record_unproved(settings, subject, objects, after); !recorded)
    context.fail(recorded.error());
}

void prove_policy(Context& context, const ProveOptions& options) {
  std::optional<Settings> settings;
  if (options.file.empty()) settings = context.settings();
  const auto subject = subject_of(options, settings);
  if (!subject) return;
  const auto compiled = policy::compile_file(subject->policy, subject->revision);
  if (!compiled) return context.fail(compiled.error());
  if (options.record) return prove_and_record(context, **compiled, *settings, *subject);
  prove_and_show(context, **compiled, prove::rules_to_prove(**compiled), *subject);
}

}  // namespace

void add_policy_prove(CLI::App& policy, Context& context) {
  auto options = std::make_shared<ProveOptions>();
  CLI::App* command = add_command(policy, "prove",
                                  "shows with synthetic flows through Weir's own programs, never on the "
                                  "wire, that each enforced rule blocks",
                                  context, [options](Context& used) { prove_policy(used, *options); });
  auto* file = command->add_option("FILE", options->file, "policy text; left out: the one in force")
                   ->check(CLI::ExistingFile);
  command
      ->add_flag("--record", options->record,
                 "an unproved rule becomes a violation of the appliance's own; for a timer")
      ->excludes(file);
  command->add_option("--seconds", options->seconds, "how long the programs may take")
      ->capture_default_str()
      ->check(CLI::Range(1U, kSecondsMax));
}

}  // namespace weir::ctl
