// SPDX-License-Identifier: Apache-2.0
// weirctl policy apply --at | scheduled | unschedule | apply-scheduled. At its time a weirctl that was left
// behind puts the policy in force, or, after a restart of the machine, the next run of apply-scheduled from
// its timer.
#include "policy/ctl/policy_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "policy/ctl/folder_watch.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/scheduled.h"
#include "policy/lang/moment.h"
#include "policy/lang/pending.h"
#include "policy/lang/policy.h"
#include "policy/model/duration.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

Result<TimeNs> moment_ahead(const policy::Policy& policy, const std::string& text, TimeNs now) {
  const auto at = policy::parse_moment(policy.parts().zone, text);
  if (!at) return at;
  if (*at <= now) {
    return failure(ErrorCode::kInvalid,
                   fmt::format("{} is over", policy::local_text(policy.parts().zone, *at)),
                   "leave --at out to put it in force now");
  }
  if (*at - now > kScheduledAheadMax) {
    return failure(ErrorCode::kInvalid, fmt::format("'{}' is more than {} days ahead", text,
                                                    kScheduledAheadMax / (24 * 3'600 * kSecond)));
  }
  return at;
}

/// It will not come into force by itself any more, and stays in the list with the reason.
void give_up(Context& context, const PolicyFolder& folder, Scheduled one, const std::string& why) {
  one.outcome = why;
  if (auto put = put_scheduled(folder, one); !put) return context.fail(put.error());
  context.done = fmt::format("scheduled policy {} given up: {}", one.number, why);
  context.fail(
      Error{ErrorCode::kNotFound,
            fmt::format("the policy scheduled for {} did not come into force: {}", time_text(one.at), why),
            "weirctl policy scheduled lists it",
            {}});
}

/// One whose time has come, in a folder that is locked. One that cannot yet, since a revision waits to be
/// confirmed, goes on waiting.
void put_due_in_force(Context& context, const Settings& settings, PolicyFolder& folder, Scheduled one,
                      TimeNs now) {
  const std::string& path = folder.policy_path();
  // Somebody was stopped between putting it in force and taking it out of the list.
  if (one.becomes != 0 && text_of(path, one.becomes).value_or("") == one.text) {
    if (auto removed = remove_scheduled(folder, one.number); !removed) context.fail(removed.error());
    return;
  }
  if (now - one.at > kScheduledLateMax) {
    return give_up(context, folder, std::move(one),
                   fmt::format("it was missed, more than {} ago", duration_text(kScheduledLateMax)));
  }
  if (const auto pending = folder.pending(); pending && !pending->is_over()) {
    return context.fail(
        Error{ErrorCode::kBusy,
              fmt::format("the policy scheduled for {} waits, for revision {} is not confirmed",
                          time_text(one.at), pending->revision),
              {},
              {}});
  }
  if (!fits(one, path)) {
    return give_up(
        context, folder, one,
        fmt::format("another policy than revision {}, over which it was made, is in force", one.over));
  }
  one.becomes = folder.revision() + 1;
  if (auto noted = put_scheduled(folder, one); !noted) return context.fail(noted.error());
  Context attempt{.config = context.config, .format = context.format};
  apply_in(attempt, settings, folder, one.text,
           {.name = one.name,
            .reason = one.reason.empty() ? "scheduled" : one.reason + " (scheduled)",
            .author = one.author,
            .confirm_within = one.confirm_within});
  const bool in_force = attempt.exit_code == kOk || attempt.exit_code == kUnreachable;
  if (!in_force) return give_up(context, folder, std::move(one), attempt.first_error);
  context.done = attempt.done;
  if (auto removed = remove_scheduled(folder, one.number); !removed) return context.fail(removed.error());
  context.exit_code = std::max(context.exit_code, attempt.exit_code);
}

bool is_due(const std::optional<Scheduled>& one, TimeNs now) { return one && one->waits() && one->at <= now; }

void apply_scheduled(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& path = settings->classifier.policy;
  const TimeNs now = wall_clock();
  const auto all = scheduled_in(path);
  const auto pending = policy::read_pending(path);
  const bool ends = pending && pending->is_over();  // and whoever was left behind for it may be gone
  if (!ends && std::none_of(all.begin(), all.end(), [&](const Scheduled& one) { return is_due(one, now); }))
    return;
  auto folder = PolicyFolder::lock(path);
  if (!folder) return context.fail(folder.error());
  if (const auto waits = folder->pending(); waits && waits->is_over())
    end_pending(context, *settings, *folder, *waits);
  for (const Scheduled& one : all) {
    auto again = read_scheduled(path, one.number);
    if (is_due(again, now)) put_due_in_force(context, *settings, *folder, std::move(*again), now);
  }
}

/// The program itself, left behind by schedule_text: until the time of `number` has come and it is in force,
/// or was given up or taken out of the list.
void await_scheduled(Context& context, std::uint32_t number) {
  constexpr TimeNs kAgainAfter = 10 * kSecond;
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& path = settings->classifier.policy;
  const FolderWatch changes{path};
  while (true) {
    const auto one = read_scheduled(path, number);
    if (!one || !one->waits()) return;
    const TimeNs now = wall_clock();
    if (one->at > now) {
      changes.wait(one->at - now);
      continue;
    }
    if (auto folder = lock_at_last(path)) {
      auto again = read_scheduled(path, number);
      if (is_due(again, now)) put_due_in_force(context, *settings, *folder, std::move(*again), now);
    }
    changes.wait(kAgainAfter);
  }
}

std::string state_of(const Scheduled& one, const std::string& policy_path, TimeNs now) {
  if (!one.waits()) return "given up: " + one.outcome;
  if (!fits(one, policy_path))
    return fmt::format("waits, and will be refused: another policy than revision {} is in force", one.over);
  return one.at > now ? "waits" : "its time has come";
}

void list_scheduled(Context& context, std::uint32_t number) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& path = settings->classifier.policy;
  if (number != 0) {
    const auto one = read_scheduled(path, number);
    if (one) return print(one->text);
    return context.fail(
        Error{ErrorCode::kNotFound, fmt::format("nothing scheduled has number {}", number), {}, {}});
  }
  const TimeNs now = wall_clock();
  Json rows = Json::array();
  for (const Scheduled& one : scheduled_in(path)) {
    rows.push_back({{"number", one.number},
                    {"at", time_text(one.at)},
                    {"in", age_text(one.at - now)},
                    {"author", one.author},
                    {"reason", one.reason},
                    {"file", one.name},
                    {"confirm_within", one.confirm_within > 0 ? duration_text(one.confirm_within) : ""},
                    {"made", time_text(one.made)},
                    {"over_revision", one.over},
                    {"over_changes", one.over_changes},
                    {"state", state_of(one, path, now)}});
  }
  print(render(context.format_or(Format::kTable), rows,
               {"number", "at", "in", "author", "reason", "file", "confirm_within", "state"}));
}

void unschedule(Context& context, std::uint32_t number) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto folder = PolicyFolder::lock(settings->classifier.policy);
  if (!folder) return context.fail(folder.error());
  const auto one = read_scheduled(settings->classifier.policy, number);
  if (!one)
    return context.fail(
        Error{ErrorCode::kNotFound, fmt::format("nothing scheduled has number {}", number), {}, {}});
  if (auto removed = remove_scheduled(*folder, number); !removed) return context.fail(removed.error());
  print(fmt::format("the policy scheduled for {} is taken out of the list\n", time_text(one->at)));
}

}  // namespace

void schedule_text(Context& context, const Settings& settings, const std::string& text,
                   const ApplyOptions& options, const ScheduleWords& words) {
  const std::string& path = settings.classifier.policy;
  const auto folder = PolicyFolder::lock(path);
  if (!folder) return context.fail(folder.error());
  const auto policy = checked_policy(context, *folder, text, options.name);
  if (!policy) return;
  const TimeNs now = wall_clock();
  const auto at = moment_ahead(*policy, words.at, now);
  if (!at) {
    context.fail(at.error());
    context.exit_code = kUsage;
    return;
  }
  std::uint32_t number = 1;
  for (const Scheduled& other : scheduled_in(path)) number = std::max(number, other.number + 1);
  const auto in_force = in_force_on_disk(path);
  const Scheduled one{.number = number,
                      .at = *at,
                      .made = now,
                      .name = options.name,
                      .author = author(),
                      .reason = options.reason,
                      .confirm_within = options.confirm_within,
                      .over = in_force.revision,
                      .over_changes = words.over_changes,
                      .text = text};
  if (auto put = put_scheduled(*folder, one); !put) return context.fail(put.error());
  leave_behind(context, "await-scheduled", number);
  if (context.format_or(Format::kTable) == Format::kJson)
    return print(Json{{"number", number}, {"at", time_text(*at)}}.dump() + "\n");
  print(fmt::format("comes into force at {}, in {} (weirctl policy unschedule {})\n",
                    policy::local_text(policy->parts().zone, *at), age_text(*at - now), number));
}

void add_policy_schedule(CLI::App& policy, Context& context) {
  auto shown = std::make_shared<std::uint32_t>(0);
  CLI::App* listing = add_command(policy, "scheduled", "policies that come into force at a time", context,
                                  [shown](Context& used) { list_scheduled(used, *shown); });
  listing->add_option("NUMBER", *shown, "prints the text of this one");

  auto removed = std::make_shared<std::uint32_t>(0);
  CLI::App* removing = add_command(policy, "unschedule", "takes one out of the list", context,
                                   [removed](Context& used) { unschedule(used, *removed); });
  removing->add_option("NUMBER", *removed, "as weirctl policy scheduled shows it")->required();

  add_command(policy, "apply-scheduled",
              "puts in force what is due, and ends what was not confirmed in time; each minute from a timer",
              context, apply_scheduled);
  auto awaited = std::make_shared<std::uint32_t>(0);
  CLI::App* await = add_command(policy, "await-scheduled", "", context,
                                [awaited](Context& used) { await_scheduled(used, *awaited); });
  await->add_option("NUMBER", *awaited)->required();
  await->group("");  // not for people: apply --at leaves it behind
}

}  // namespace weir::ctl
