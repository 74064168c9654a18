// SPDX-License-Identifier: Apache-2.0
// weirctl violation suppress | suppressions | unsuppress: sightings that are no violations until a time.
#include <fmt/format.h>

#include <memory>

#include "policy/ctl/context.h"
#include "policy/ctl/exceptions.h"
#include "policy/ctl/people.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/model/wall_clock.h"
#include "policy/store/violation_store.h"

namespace weir::ctl {
namespace {

struct SuppressWords {
  policy::Suppression made;
  std::int64_t like = 0;  // the violation whose rule, subject and object it takes; 0: none
  std::string lasting;
  std::string as;
};

/// What was not said is as in the violation, or anything.
Result<void> fill(policy::Store& store, SuppressWords& words) {
  policy::Violation like;
  like.rule = like.subject = like.object = "*";
  if (words.like != 0) {
    auto found = store.violation(words.like);
    if (!found) return tl::unexpected(found.error());
    like = std::move(*found);
  }
  if (words.made.rule.empty()) words.made.rule = like.rule;
  if (words.made.subject.empty()) words.made.subject = like.subject;
  if (words.made.object.empty()) words.made.object = like.object;
  return {};
}

void suppress_some(Context& context, SuppressWords words) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto lasting = parse_lasting(words.lasting);
  if (!lasting) return context.fail(lasting.error());
  auto store = open_store_to_change(*settings);
  if (!store) return context.fail(store.error());
  if (auto filled = fill(*store, words); !filled) return context.fail(filled.error());
  policy::Suppression& made = words.made;
  auto subject = subject_named(*settings, *store, made.subject);
  if (!subject) return context.fail(subject.error());
  made.subject = std::move(*subject);
  made.by = words.as.empty() ? author() : words.as;
  if (made.owner.empty()) made.owner = made.by;
  made.made = wall_clock();
  made.ends = made.made + *lasting;
  auto batch = store->begin();
  if (!batch) return context.fail(may_not_write(batch.error()));
  const auto id = policy::suppress(*batch, made);
  if (!id) return context.fail(may_not_write(id.error()));
  if (auto done = batch->commit(); !done) return context.fail(may_not_write(done.error()));
  const PeopleShown shown{*settings};
  print(fmt::format("suppression {}: rule {}, subject {}, object {}, until {}\n", *id, printable(made.rule),
                    printable(shown.subject(made.subject)), printable(shown.object(made.object)),
                    time_text(made.ends)));
}

void list_suppressions(Context& context, bool ended) {
  const auto settings = context.settings();
  if (!settings) return;
  auto store = open_store(*settings);
  if (!store) return context.fail(store.error());
  const TimeNs now = wall_clock();
  const auto all = policy::suppressions(*store, now, ended);
  if (!all) return context.fail(all.error());
  const PeopleShown shown{*settings};
  Json rows = Json::array();
  for (const policy::Suppression& one : *all) {
    rows.push_back({{"id", one.id},
                    {"rule", one.rule},
                    {"subject", shown.subject(one.subject)},
                    {"object", shown.object(one.object)},
                    {"until", time_text(one.ends)},
                    {"state", one.ends > now ? "in force" : "ended"},
                    {"owner", one.owner},
                    {"by", one.by},
                    {"reason", one.reason},
                    {"made", time_text(one.made)},
                    {"count", one.count},
                    {"last_seen", time_text(one.last_seen)},
                    {"ended_by", one.ended_by},
                    {"end_reason", one.end_reason}});
  }
  print(
      render(context.format_or(Format::kTable), rows,
             {"id", "rule", "subject", "object", "until", "state", "count", "last_seen", "owner", "reason"}));
}

struct UnsuppressWords {
  std::int64_t id = 0;
  std::string reason;
  std::string as;
};

void unsuppress(Context& context, const UnsuppressWords& words) {
  const auto settings = context.settings();
  if (!settings) return;
  const policy::Act act{words.as.empty() ? author() : words.as, wall_clock(), words.reason};
  if (!change_store(context, *settings,
                    [&](policy::Batch& batch) { return policy::end_suppression(batch, words.id, act); }))
    return;
  print(fmt::format("suppression {}: ended\n", words.id));
}

}  // namespace

void add_suppressions(CLI::App& violation, Context& context) {
  auto words = std::make_shared<SuppressWords>();
  CLI::App* making = add_command(violation, "suppress", "counts what is known apart, for a time", context,
                                 [words](Context& used) { suppress_some(used, *words); });
  making->add_option("ID", words->like,
                     "a violation: its rule, subject and object, but for what is said here");
  making->add_option("--rule", words->made.rule, "of this rule; *: of any");
  making->add_option("--subject", words->made.subject, "of this subject; *: of any");
  making->add_option("--object", words->made.object, "about this; *: about anything");
  making->add_option("--for", words->lasting, "how long: 12h, 30d")->required();
  making->add_option("--owner", words->made.owner, "who answers for it; left out: you");
  making->add_option("--reason", words->made.reason, "why")->required()->check(is_reason);
  making->add_option("--as", words->as, "who does it; left out: you");

  auto ended = std::make_shared<bool>(false);
  CLI::App* listing = add_command(violation, "suppressions", "those in force, and what they took", context,
                                  [ended](Context& used) { list_suppressions(used, *ended); });
  listing->add_flag("--ended", *ended, "ended ones too");

  auto end = std::make_shared<UnsuppressWords>();
  CLI::App* ending = add_command(violation, "unsuppress", "ends a suppression before its time", context,
                                 [end](Context& used) { unsuppress(used, *end); });
  ending->add_option("ID", end->id, "its number among the suppressions")->required();
  ending->add_option("--reason", end->reason, "why")->required()->check(is_reason);
  ending->add_option("--as", end->as, "who does it; left out: you");
}

}  // namespace weir::ctl
