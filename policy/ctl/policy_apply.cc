// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/policy_apply.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <optional>

#include "policy/ctl/control_client.h"
#include "policy/ctl/folder_watch.h"
#include "policy/ctl/policy_files.h"
#include "policy/ctl/scheduled.h"
#include "policy/decide/policy_tests.h"
#include "policy/lang/compile.h"
#include "policy/lang/exceptions.h"
#include "policy/lang/pending.h"
#include "policy/lang/policy.h"
#include "policy/model/document.h"
#include "policy/model/duration.h"

namespace weir::ctl {
namespace {

constexpr const char* kNoExceptions = "weir-exceptions: 1\njudged: 1970-01-01T00:00:00Z\nexceptions: []\n";

struct Reloads {
  std::uint32_t in_force = 0;
  std::uint32_t refused = 0;
  std::uint32_t silent = 0;
};

/// Every classifier compiles for itself what is on disk now.
Reloads tell_classifiers(Context& context, const Settings& settings, std::uint32_t revision) {
  Reloads reloads;
  for (unsigned worker = 0; worker < settings.workers; ++worker) {
    const auto reply = ask(classifier_socket(settings, worker), {{"op", "reload"}});
    if (!reply) {
      ++reloads.silent;
      context.remark(fmt::format("worker {}: {}", worker, to_text(reply.error())));
    } else if (!reply->value("ok", false)) {
      ++reloads.refused;
      context.say(fmt::format("worker {} refused: {}", worker, reply->value("error", "no reason")));
    } else if (reply->value("revision", 0U) == revision) {
      ++reloads.in_force;
    }
  }
  return reloads;
}

void report(Context& context, const Settings& settings, std::uint32_t revision, const Reloads& reloads) {
  if (context.format_or(Format::kTable) == Format::kJson) {
    print(Json{{"revision", revision}, {"in_force", reloads.in_force}, {"workers", settings.workers}}.dump() +
          "\n");
  } else {
    print(fmt::format("revision {} in force on {} of {} workers\n", revision, reloads.in_force,
                      settings.workers));
  }
}

}  // namespace

void leave_behind(const Context& context, const std::string& command, std::uint32_t number) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  posix_spawnattr_t session;
  posix_spawnattr_init(&session);
  sigset_t none;
  sigemptyset(&none);  // whatever the program that leaves it behind does not want to hear of
  posix_spawnattr_setsigmask(&session, &none);
  posix_spawnattr_setflags(&session, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
  std::array<std::string, 6> words{"weirctl", "--config", context.config,
                                   "policy",  command,    std::to_string(number)};
  std::array<char*, 7> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  static_cast<void>(posix_spawn(nullptr, context.program.c_str(), &files, &session, argv.data(), environ));
  posix_spawnattr_destroy(&session);
  posix_spawn_file_actions_destroy(&files);
}

namespace {

bool may_replace(Context& context, const PolicyFolder& folder, const ApplyOptions& options) {
  const auto pending = folder.pending();
  if (options.supersedes || !pending || pending->is_over()) return true;
  context.fail(Error{ErrorCode::kBusy,
                     pending->group.empty()
                         ? fmt::format("revision {} waits to be confirmed", pending->revision)
                         : fmt::format("revision {} is a canary for {}", pending->revision, pending->group),
                     "weirctl policy confirm, or weirctl policy rollback",
                     {}});
  return false;
}

/// Those beside the policy that do not fit the text. The tests of the policy judge its text alone.
void warn_of_exceptions(const Context& context, const std::string& text, policy::CompileOptions options,
                        const std::string& file) {
  const auto kept = policy::read_exceptions(file);
  if (kept && kept->list.items.empty()) return;
  options.exceptions = &kept;
  const auto compiled = policy::compile(text, options);
  if (!compiled) return;
  for (const Error& fault : (*compiled)->parts().exception_faults)
    context.remark("warning: an exception lifts nothing: " + to_text(fault));
}

/// Those that wait for their time and were made over another text than is in force now.
void warn_of_scheduled(const Context& context, const std::string& policy_path, std::uint32_t revision) {
  for (const Scheduled& one : scheduled_in(policy_path)) {
    if (!one.waits() || one.becomes == revision || fits(one, policy_path)) continue;
    context.remark(
        fmt::format("warning: the policy scheduled for {} was made over revision {}, and will be refused "
                    "(weirctl policy unschedule {}, and schedule it again)",
                    time_text(one.at), one.over, one.number));
  }
}

/// Clients are in a group by the policy in force, whatever the canary says of it.
bool has_group(Context& context, const std::string& policy_path, const std::string& group) {
  const auto present = policy::compile_file(in_force_on_disk(policy_path).file, 0);
  if (!present) {
    context.fail(present.error());
    return false;
  }
  std::vector<std::string_view> names;
  for (const policy::Group& one : (*present)->parts().groups) names.push_back(one.name);
  if (std::find(names.begin(), names.end(), group) != names.end()) return true;
  const std::string_view near = did_you_mean(group, names);
  context.fail(Error{
      ErrorCode::kNotFound,
      fmt::format("the policy in force has no group {}", group),
      near.empty() ? fmt::format("it has {}", fmt::join(names, ", ")) : fmt::format("did you mean {}?", near),
      {}});
  return false;
}

/// How what was put in force for a time ends.
std::string ending_of(const ApplyOptions& options, std::uint32_t before) {
  const std::string lasts = duration_text(options.confirm_within);
  if (options.canary.empty())
    return fmt::format("weirctl policy confirm within {}, or revision {} comes back\n", lasts, before);
  return fmt::format(
      "for {} alone, revision {} for all others; in {} it {} (weirctl policy confirm: for all now, rollback: "
      "for nobody)\n",
      options.canary, before, lasts, options.promotes ? "is for all" : "goes away");
}

void apply_locked(Context& context, const Settings& settings, PolicyFolder& folder, const std::string& text,
                  const ApplyOptions& options) {
  if (!checked_policy(context, folder, text, options.name)) return;
  if (!options.canary.empty() && !has_group(context, folder.policy_path(), options.canary)) return;
  if (options.confirm_within > 0) {
    auto bound = folder.bound_next(options.confirm_within, options.canary, options.promotes);
    if (!bound) return context.fail(bound.error());
    leave_behind(context, "await-confirmation", folder.revision() + 1);
  }
  const std::string exceptions_file = policy::exceptions_path(settings.classifier.policy);
  const std::string exceptions_before = read_text(exceptions_file).value_or(kNoExceptions);
  if (options.exceptions) {
    if (auto put = folder.put_exceptions(*options.exceptions); !put) return context.fail(put.error());
  }
  const auto revision =
      folder.install(text, options.author.empty() ? author() : options.author, options.reason);
  if (!revision) return context.fail(revision.error());
  const Reloads reloads = tell_classifiers(context, settings, *revision);
  if (reloads.refused > 0) {
    if (options.exceptions) static_cast<void>(folder.put_exceptions(exceptions_before));
    if (auto undone = folder.take_back(); !undone) return context.fail(undone.error());
    static_cast<void>(tell_classifiers(context, settings, folder.revision()));
    context.remark(fmt::format("revision {} stays in force", folder.revision()));
    context.exit_code = kNegative;
    return;
  }
  if (context.told != nullptr) {
    context.told->revision = *revision;
    context.told->in_force = reloads.in_force;
  }
  context.done = fmt::format("revision {} in force on {} of {} workers{}{}", *revision, reloads.in_force,
                             settings.workers, options.reason.empty() ? "" : ": ", options.reason);
  if (auto done = folder.forget_replaced(); !done) return context.fail(done.error());
  if (!options.quiet) report(context, settings, *revision, reloads);
  if (options.confirm_within > 0 && !options.quiet && context.format_or(Format::kTable) == Format::kTable) {
    print(ending_of(options, *revision - 1));
  }
  warn_of_scheduled(context, settings.classifier.policy, *revision);
  if (reloads.in_force < settings.workers) context.exit_code = kUnreachable;
}

/// When its time has passed; nullopt as soon as it does not wait any more.
std::optional<policy::Pending> wait_to_its_end(const std::string& policy_path, std::uint32_t revision) {
  const FolderWatch changes{policy::pending_path(policy_path)};
  while (true) {
    auto waits = policy::read_pending(policy_path);
    const bool still = waits && waits->revision == revision;
    const TimeNs left = still ? waits->deadline - policy::boot_time_now() : 0;
    if (left <= 0) return still ? waits : std::nullopt;
    changes.wait(left);
  }
}

}  // namespace

std::optional<PolicyFolder> lock_at_last(const std::string& policy_path) {
  constexpr timespec kStep{0, 100'000'000};
  for (int i = 0; i < 600; ++i) {
    if (auto locked = PolicyFolder::lock(policy_path)) return std::move(*locked);
    nanosleep(&kStep, nullptr);
  }
  return std::nullopt;
}

std::shared_ptr<const policy::Policy> checked_policy(Context& context, const PolicyFolder& folder,
                                                     const std::string& text, const std::string& name) {
  // Lists named by a relative path are looked for where the classifiers will look: beside the policy in
  // force.
  policy::CompileOptions compiling;
  compiling.file = name;
  compiling.directory = folder.folder();
  compiling.revision = folder.revision() + 1;
  std::vector<Error> warnings;
  compiling.warnings = &warnings;
  auto compiled = policy::compile(text, compiling);
  if (!compiled) {
    context.fail(compiled.error());
    return nullptr;
  }
  if (const auto failed = policy::failed_tests(**compiled, name); !failed.empty()) {
    context.fail(failed);
    return nullptr;
  }
  context.warn(warnings);
  compiling.warnings = nullptr;
  warn_of_exceptions(context, text, compiling, policy::exceptions_path(folder.policy_path()));
  return *compiled;
}

void apply_text(Context& context, const Settings& settings, const std::string& text,
                const ApplyOptions& options) {
  auto locked = PolicyFolder::lock(settings.classifier.policy);
  if (!locked) return context.fail(locked.error());
  apply_in(context, settings, *locked, text, options);
}

void apply_in(Context& context, const Settings& settings, PolicyFolder& folder, const std::string& text,
              const ApplyOptions& options) {
  if (options.confirm_within > 0 && folder.revision() == 0) {
    return context.fail(Error{
        ErrorCode::kNotFound, "there is no policy yet that could come back", "apply it without an end", {}});
  }
  if (may_replace(context, folder, options)) apply_locked(context, settings, folder, text, options);
}

bool apply_in_force(Context& context, const Settings& settings, const std::string& reason) {
  const auto [file, revision] = in_force_on_disk(settings.classifier.policy);
  if (revision == 0) return true;
  const auto text = read_text(file);
  if (!text) {
    context.fail(text.error());
    return false;
  }
  const bool table = context.format_or(Format::kTable) == Format::kTable;
  apply_text(context, settings, *text, {.name = file, .reason = reason, .quiet = !table});
  return context.exit_code == kOk || context.exit_code == kUnreachable;
}

void await_confirmation(Context& context, std::uint32_t revision) {
  const auto settings = context.settings();
  if (!settings) return;
  const std::string& path = settings->classifier.policy;
  const auto waits = wait_to_its_end(path, revision);
  if (!waits) return;
  auto folder = lock_at_last(path);
  if (!folder || !folder->pending() || folder->pending()->revision != revision) return;
  end_pending(context, *settings, *folder, *waits);
}

void end_pending(Context& context, const Settings& settings, PolicyFolder& folder,
                 const policy::Pending& pending) {
  if (pending.stays()) return promote(context, settings, folder, pending);
  const auto text = text_of(folder.policy_path(), pending.back);
  if (!text) return context.fail(text.error());
  const std::string why = pending.group.empty()
                              ? fmt::format("revision {} was not confirmed in time", pending.revision)
                              : fmt::format("the canary for {} is over", pending.group);
  apply_locked(context, settings, folder, *text,
               {.name = fmt::format("revision {}", pending.back),
                .reason = fmt::format("back to revision {}: {}", pending.back, why)});
}

void promote(Context& context, const Settings& settings, PolicyFolder& folder,
             const policy::Pending& canary) {
  const auto text = text_of(folder.policy_path(), canary.revision);
  if (!text) return context.fail(text.error());
  const std::string name = fmt::format("revision {}", canary.revision);
  apply_locked(context, settings, folder, *text,
               {.name = name, .reason = fmt::format("{}, the canary for {}, for all", name, canary.group)});
}

std::string is_reason(const std::string& text) {
  return text.size() <= kReasonBytesMax ? "" : fmt::format("a reason has at most {} bytes", kReasonBytesMax);
}

}  // namespace weir::ctl
