// SPDX-License-Identifier: Apache-2.0
// weirctl exception add | remove | list | expire: what somebody may do until a day, while a policy is in
// force.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "policy/ctl/context.h"
#include "policy/ctl/exceptions.h"
#include "policy/ctl/policy_apply.h"
#include "policy/ctl/policy_files.h"
#include "policy/lang/compile.h"
#include "policy/lang/words.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

/// The policy in force with the exceptions beside it, and its text.
struct InForce {
  std::string text;
  policy::ExceptionsFile file;
  std::shared_ptr<const policy::Policy> policy;
};

Result<std::shared_ptr<const policy::Policy>> compiled(Context& context, const std::string& path,
                                                       const std::string& text,
                                                       const ResultAll<policy::ExceptionsFile>& file) {
  policy::CompileOptions options;
  options.file = path;
  options.directory = path.substr(0, path.rfind('/'));
  options.exceptions = &file;
  auto made = policy::compile(text, options);
  if (made) return *made;
  context.fail(made.error());
  return failure(ErrorCode::kInvalid, "the policy in force does not compile");
}

/// nullopt: the mistakes are told.
std::optional<InForce> in_force(Context& context, const Settings& settings) {
  const std::string& path = settings.classifier.policy;
  const auto [text_file, revision] = in_force_on_disk(path);
  if (revision == 0) {
    context.fail(Error{ErrorCode::kNotFound, "there is no policy in force", "weirctl policy apply FILE", {}});
    return std::nullopt;
  }
  const auto text = read_text(text_file);
  const auto file = policy::read_exceptions(policy::exceptions_path(path));
  if (!text || !file) {
    text ? context.fail(file.error()) : context.fail(text.error());
    return std::nullopt;
  }
  auto policy = compiled(context, path, *text, file);
  if (!policy) return std::nullopt;
  return InForce{*text, *file, std::move(*policy)};
}

/// The lock on the policy's folder and what is in it.
struct Change {
  Settings settings;
  PolicyFolder folder;
  InForce now;
};

std::optional<Change> begin_change(Context& context) {
  auto settings = context.settings();
  if (!settings) return std::nullopt;
  auto folder = PolicyFolder::lock(settings->classifier.policy);
  if (!folder) {
    context.fail(folder.error());
    return std::nullopt;
  }
  auto now = in_force(context, *settings);
  if (!now) return std::nullopt;
  return Change{std::move(*settings), std::move(*folder), std::move(*now)};
}

/// The policy's text stays, and gets a new revision: live flows ask again, and the history says why.
void put_in_force(Context& context, Change& change, const std::string& exceptions,
                  const std::string& reason) {
  apply_in(context, change.settings, change.folder, change.now.text,
           {.name = "the policy in force", .reason = reason, .exceptions = exceptions});
}

struct AddWords {
  NewException made;
  std::map<std::string, std::vector<std::string>> keys;
  std::string until;
  std::string lasting;
};

/// When it ends; the mistake says how to write it.
Result<TimeNs> end_of(const AddWords& words, const policy::Policy& policy, TimeNs now) {
  if (words.until.empty()) {
    const auto lasting = parse_lasting(words.lasting);
    if (!lasting) return tl::unexpected(lasting.error());
    return now + *lasting;
  }
  const auto end = policy::parse_end(policy.parts().zone, words.until);
  if (end) return *end;
  return failure(ErrorCode::kInvalid, fmt::format("'{}' is no end", words.until), policy::kEndAdvice);
}

/// What the compiler says of the exception that was added last.
std::vector<Error> faults_of_last(const policy::Policy& policy, const policy::ExceptionsFile& file) {
  std::vector<Error> faults;
  for (Error fault : policy.parts().exception_faults) {
    if (file.list.items.empty() || fault.at.line != file.list.items.back().line) continue;
    fault.at = {};  // the line was not written by hand
    faults.push_back(std::move(fault));
  }
  return faults;
}

void add(Context& context, AddWords words) {
  if (words.until.empty() && words.lasting.empty()) {
    std::fprintf(stderr,
                 "error: the exception does not say when it ends (--until 2027-06-30, or --for 12h)\n");
    context.exit_code = kUsage;
    return;
  }
  auto change = begin_change(context);
  if (!change) return;
  const TimeNs now = wall_clock();
  const auto ends = end_of(words, *change->now.policy, now);
  if (!ends) return context.fail(ends.error());
  NewException& made = words.made;
  made.ends = *ends;
  made.by = author();
  if (made.owner.empty()) made.owner = made.by;
  made.keys.assign(words.keys.begin(), words.keys.end());
  const auto text = with_exception(change->now.file, made, now);
  if (!text) return context.fail(text.error());
  const std::string path = policy::exceptions_path(change->settings.classifier.policy);
  const auto file = policy::parse_exceptions(*text, path);
  if (!file) return context.fail(file.error());
  const auto policy = compiled(context, change->settings.classifier.policy, change->now.text, file);
  if (!policy) return;
  if (const auto faults = faults_of_last(**policy, *file); !faults.empty()) return context.fail(faults);
  put_in_force(context, *change, *text,
               fmt::format("exception {} added: {}", made.name, made.reason).substr(0, kReasonBytesMax));
}

void remove(Context& context, const std::string& name, const std::string& reason) {
  auto change = begin_change(context);
  if (!change) return;
  for (const policy::Exception& one : change->now.policy->parts().exceptions) {
    if (one.kept || one.name != name) continue;
    return context.fail(Error{ErrorCode::kInvalid,
                              fmt::format("exception {} stands in the policy, line {}", name, one.line),
                              "apply a policy without it",
                              {}});
  }
  const auto text = without_exception(change->now.file, name, wall_clock());
  if (!text) return context.fail(text.error());
  const std::string why = reason.empty() ? "" : ": " + reason;
  put_in_force(context, *change, *text,
               fmt::format("exception {} removed{}", name, why).substr(0, kReasonBytesMax));
}

/// Ended they have by themselves; this keeps a clock that is set back from reviving them after a restart.
void expire(Context& context) {
  auto change = begin_change(context);
  if (!change) return;
  const policy::ExceptionsFile none{};
  const auto text_alone = compiled(context, change->settings.classifier.policy, change->now.text,
                                   ResultAll<policy::ExceptionsFile>{none});
  if (!text_alone) return;
  const Ended ended = ended_exceptions(change->now.file, (*text_alone)->parts().exceptions, wall_clock());
  if (ended.names.empty()) return print("no exception has ended\n");
  if (auto put = change->folder.put_exceptions(ended.text); !put) return context.fail(put.error());
  const std::string names = fmt::format("ended: exception {}", fmt::join(ended.names, ", "));
  if (auto noted = change->folder.remark(names.substr(0, kReasonBytesMax)); !noted)
    return context.fail(noted.error());
  print(names + "\n");
}

void list(Context& context) {
  const auto settings = context.settings();
  if (!settings) return;
  const auto now = in_force(context, *settings);
  if (!now) return;
  const Json rows = exception_rows(now->file, *now->policy, wall_clock());
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
  adding->add_option("NAME", words->made.name, "a-z, 0-9, - and _")->required()->check(is_exception_name);
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
  auto* until = adding->add_option("--until", words->until, "its last day, or a moment");
  adding->add_option("--for", words->lasting, "90m, 12h, 30d from now")->excludes(until);
  adding->add_option("--owner", words->made.owner, "who answers for it; left out: you")->check(is_short);
  adding->add_option("--reason", words->made.reason, "why")->required()->check(is_short);
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
  add_command(*exception, "list", "those of the policy and those that were made since", context, list);
  add_command(*exception, "expire",
              "writes down which have ended, so that no clock brings them back; for a timer", context,
              expire);
}

}  // namespace weir::ctl
