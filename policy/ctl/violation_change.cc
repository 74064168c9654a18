// SPDX-License-Identifier: Apache-2.0
// weirctl violation assign | note | review | confirm | justify | false-positive | close: what an officer does
// to violations. All that one command names changes, or nothing.
#include <fmt/format.h>

#include <functional>
#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/model/wall_clock.h"
#include "policy/store/violation_store.h"

namespace weir::ctl {
namespace {

constexpr int kViolationsAtOnce = 1'000;

struct ChangeWords {
  std::vector<std::int64_t> ids;
  std::string to;  // a state, a person, an exception
  std::string exception;
  std::string reason;
  std::string as;
};

using OneChange =
    std::function<Result<void>(policy::Batch&, std::int64_t id, const ChangeWords&, const policy::Act&)>;

void change_all(Context& context, const ChangeWords& words, const OneChange& one) {
  const auto settings = context.settings();
  if (!settings) return;
  const policy::Act act{words.as.empty() ? author() : words.as, wall_clock(), words.reason};
  const bool done = change_store(context, *settings, [&](policy::Batch& batch) -> Result<void> {
    for (const std::int64_t id : words.ids) {
      if (auto changed = one(batch, id, words, act); !changed) return changed;
    }
    return {};
  });
  if (!done) return;
  print(words.ids.size() == 1 ? fmt::format("violation {}: done\n", words.ids.front())
                              : fmt::format("{} violations: done\n", words.ids.size()));
}

Result<void> to_state(policy::Batch& batch, std::int64_t id, const ChangeWords& words,
                      const policy::Act& act) {
  if (!words.exception.empty()) {
    if (auto linked = policy::link_exception(batch, id, words.exception, act); !linked) return linked;
  }
  return policy::move_violation(batch, id, words.to, act);
}

Result<void> to_person(policy::Batch& batch, std::int64_t id, const ChangeWords& words,
                       const policy::Act& act) {
  return policy::assign_violation(batch, id, words.to == "nobody" ? "" : words.to, act);
}

Result<void> with_note(policy::Batch& batch, std::int64_t id, const ChangeWords&, const policy::Act& act) {
  return policy::note_violation(batch, id, act);
}

struct Verb {
  const char* name;
  const char* state;
  const char* help;
};
constexpr Verb kVerbs[] = {
    {"review", "in_review", "somebody looks at it"},
    {"confirm", "confirmed", "it was against the rules"},
    {"justify", "justified", "it was against the rules, and there was a reason"},
    {"false-positive", "false_positive", "it was not what the rule means"},
    {"close", "closed", "nothing is left to be done; what is seen again opens a new one"},
};

CLI::App* declare(CLI::App& violation, Context& context, const char* name, const char* help,
                  const std::shared_ptr<ChangeWords>& words, const OneChange& one) {
  CLI::App* command = add_command(violation, name, help, context,
                                  [words, one](Context& used) { change_all(used, *words, one); });
  command->add_option("--as", words->as, "who does it; left out: you");
  return command;
}

void add_ids(CLI::App* command, const std::shared_ptr<ChangeWords>& words) {
  command->add_option("ID", words->ids, "their numbers in the list")
      ->required()
      ->expected(1, kViolationsAtOnce);
}

void add_one_id(CLI::App* command, const std::shared_ptr<ChangeWords>& words) {
  words->ids.assign(1, 0);
  command->add_option("ID", words->ids.front(), "its number in the list")->required();
}

}  // namespace

void add_violation_changes(CLI::App& violation, Context& context) {
  for (const Verb& verb : kVerbs) {
    auto words = std::make_shared<ChangeWords>();
    words->to = verb.state;
    CLI::App* command = declare(violation, context, verb.name, verb.help, words, to_state);
    add_ids(command, words);
    command->add_option("--reason", words->reason, "why; its history keeps it")->required()->check(is_reason);
    if (words->to == "justified")
      command->add_option("--exception", words->exception,
                          "the exception of the policy that was made for it");
  }
  auto taken = std::make_shared<ChangeWords>();
  CLI::App* assigning = declare(violation, context, "assign", "says who takes it on", taken, to_person);
  add_one_id(assigning, taken);
  assigning->add_option("PERSON", taken->to, "who; nobody: nobody any more")->required();
  assigning->add_option("--reason", taken->reason, "why; its history keeps it")->check(is_reason);
  auto noted = std::make_shared<ChangeWords>();
  CLI::App* noting = declare(violation, context, "note", "writes something down with it", noted, with_note);
  add_one_id(noting, noted);
  noting->add_option("TEXT", noted->reason, "at most 1024 bytes are kept")->required();
}

}  // namespace weir::ctl
