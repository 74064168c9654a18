// SPDX-License-Identifier: Apache-2.0
// weirctl exception add | remove | list | expire: what somebody may do until a day, while a policy is in
// force.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "policy/ctl/context.h"
#include "policy/ctl/exception_change.h"
#include "policy/ctl/policy_apply.h"
#include "policy/lang/words.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

/// The lock on the policy's folder.
struct LockedFolder {
  Settings settings;
  PolicyFolder folder;
};

std::optional<LockedFolder> begin_change(Context& context) {
  auto settings = context.settings();
  if (!settings) return std::nullopt;
  auto folder = PolicyFolder::lock(settings->classifier.policy);
  if (folder) return LockedFolder{std::move(*settings), std::move(*folder)};
  context.fail(folder.error());
  return std::nullopt;
}

struct AddWords {
  AskedException asked;
  std::map<std::string, std::vector<std::string>> keys;
};

void add(Context& context, AddWords words) {
  AskedException& asked = words.asked;
  if (asked.until.empty() && asked.lasting.empty()) {
    std::fprintf(stderr,
                 "error: the exception does not say when it ends (--until 2027-06-30, or --for 12h)\n");
    context.exit_code = kUsage;
    return;
  }
  auto change = begin_change(context);
  if (!change) return;
  asked.made.by = author();
  if (asked.made.owner.empty()) asked.made.owner = asked.made.by;
  asked.made.keys.assign(words.keys.begin(), words.keys.end());
  add_exception_in(context, change->settings, change->folder, asked, false);
}

void remove(Context& context, const std::string& name, const std::string& reason) {
  auto change = begin_change(context);
  if (change) remove_exception_in(context, change->settings, change->folder, name, {author(), reason}, false);
}

/// Ended they have by themselves; this keeps a clock that is set back from reviving them after a restart.
void expire(Context& context) {
  auto change = begin_change(context);
  if (!change) return;
  const auto now = policy_with_exceptions(context, change->settings);
  if (!now) return;
  std::vector<policy::Exception> in_text = now->policy->parts().exceptions;
  std::erase_if(in_text, [](const policy::Exception& one) { return one.kept; });
  const Ended ended = ended_exceptions(now->file, in_text, wall_clock());
  if (ended.names.empty()) return print("no exception has ended\n");
  if (auto put = change->folder.put_exceptions(ended.text); !put) return context.fail(put.error());
  const std::string names = fmt::format("ended: exception {}", fmt::join(ended.names, ", "));
  if (auto noted = change->folder.remark(names.substr(0, kReasonBytesMax)); !noted)
    return context.fail(noted.error());
  print(names + "\n");
}

void list(Context& context, bool ended) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto now = policy_with_exceptions(context, *settings);
  if (!now) return;
  const Json rows = exception_rows(now->file, *now->policy, wall_clock(), {.ended = ended, .client = {}});
  const Format format = context.format_or(Format::kTable);
  if (rows.empty() && format == Format::kTable) return print("there are no exceptions\n");
  print(render(format, rows, {"exception", "for", "allows", "until", "state", "owner", "by", "reason"}));
  for (const Error& fault : now->policy->parts().exception_faults)
    std::fprintf(stderr, "warning: %s\n", printable(to_text(fault)).c_str());
}

std::string is_exception_name(const std::string& text) {
  return policy::is_name(text) ? "" : policy::kNameAdvice;
}

std::string is_short(const std::string& text) {
  if (text.empty()) return "it may not be empty";
  return text.size() <= policy::kExceptionBytesMax
             ? ""
             : fmt::format("at most {} bytes", policy::kExceptionBytesMax);
}

void declare_add(CLI::App& exception, Context& context) {
  auto words = std::make_shared<AddWords>();
  CLI::App* adding = add_command(exception, "add",
                                 "lets somebody do something although a rule speaks against it, for a time",
                                 context, [words](Context& used) { add(used, *words); });
  adding->add_option("NAME", words->asked.made.name, "a-z, 0-9, - and _")
      ->required()
      ->check(is_exception_name);
  const auto key = [&](const char* name, const char* help) {
    return adding->add_option(std::string("--") + name, words->keys[name], help)
        ->expected(1)
        ->take_all()
        ->delimiter(',');
  };
  key("client", "for whom: address or network");
  key("mac", "for whom: the client's card");
  key("group", "for whom: a group of the policy");
  key("domain", "allows flows to the domain and what is below it");
  key("app", "allows the application");
  key("recipient", "allows mail to an address or a domain");
  key("product", "allows the product of the software catalogue");
  key("rule", "only this rule is silent");
  auto* until = adding->add_option("--until", words->asked.until, "its last day, or a moment");
  adding->add_option("--for", words->asked.lasting, "90m, 12h, 30d from now")->excludes(until);
  adding->add_option("--owner", words->asked.made.owner, "who answers for it; left out: you")
      ->check(is_short);
  adding->add_option("--reason", words->asked.made.reason, "why")->required()->check(is_short);
}

}  // namespace

void add_exception(CLI::App& app, Context& context) {
  CLI::App* exception =
      app.add_subcommand("exception", "what somebody may do until a day, whatever the rules say");
  exception->fallthrough();
  exception->require_subcommand(1);
  declare_add(*exception, context);
  auto name = std::make_shared<std::string>();
  auto reason = std::make_shared<std::string>();
  CLI::App* removing = add_command(*exception, "remove", "ends one before its time", context,
                                   [name, reason](Context& used) { remove(used, *name, *reason); });
  removing->add_option("NAME", *name)->required();
  removing->add_option("--reason", *reason, "why; weirctl policy log shows it")->check(is_reason);
  auto ended = std::make_shared<bool>(false);
  CLI::App* listing = add_command(*exception, "list", "those of the policy and those that were made since",
                                  context, [ended](Context& used) { list(used, *ended); });
  listing->add_flag("--ended", *ended, "also those that have ended or were removed, the last 200");
  add_command(*exception, "expire",
              "writes down which have ended, so that no clock brings them back; for a timer", context,
              expire);
}

}  // namespace weir::ctl
