// SPDX-License-Identifier: Apache-2.0
#include "policy/ctl/exception_change.h"

#include <fmt/format.h>

#include "policy/ctl/policy_apply.h"
#include "policy/lang/compile.h"
#include "policy/model/wall_clock.h"

namespace weir::ctl {
namespace {

/// When it ends; the mistake says how to write it.
Result<TimeNs> end_of(const AskedException& asked, const policy::Policy& policy, TimeNs now) {
  if (asked.until.empty()) {
    const auto lasting = parse_lasting(asked.lasting);
    if (!lasting) return tl::unexpected(lasting.error());
    return now + *lasting;
  }
  const auto end = policy::parse_end(policy.parts().zone, asked.until);
  if (end) return *end;
  return failure(ErrorCode::kInvalid, fmt::format("'{}' is no end", asked.until), policy::kEndAdvice);
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

void put_in_force(Context& context, const Settings& settings, PolicyFolder& folder, const std::string& text,
                  ApplyOptions options) {
  options.name = "the policy in force";
  options.reason = options.reason.substr(0, kReasonBytesMax);
  apply_in(context, settings, folder, text, options);
}

}  // namespace

std::shared_ptr<const policy::Policy> compiled_with(Context& context, const std::string& policy_path,
                                                    const std::string& text,
                                                    const ResultAll<policy::ExceptionsFile>& file) {
  policy::CompileOptions options;
  options.file = policy_path;
  options.directory = policy_path.substr(0, policy_path.rfind('/'));
  options.exceptions = &file;
  auto made = policy::compile(text, options);
  if (made) return *made;
  context.fail(made.error());
  return nullptr;
}

std::optional<PolicyWithExceptions> policy_with_exceptions(Context& context, const Settings& settings) {
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
  auto policy = compiled_with(context, path, *text, file);
  if (!policy) return std::nullopt;
  return PolicyWithExceptions{*text, *file, std::move(policy)};
}

std::optional<ExceptionTrial> try_exception(Context& context, const Settings& settings,
                                            const PolicyWithExceptions& now, const AskedException& asked,
                                            TimeNs at) {
  ExceptionTrial trial{.made = asked.made, .text = {}, .file = {}, .policy = {}};
  const auto refused = [&context](const auto& error) {
    context.fail(error);
    return std::nullopt;
  };
  const auto ends = end_of(asked, *now.policy, at);
  if (!ends) return refused(ends.error());
  trial.made.ends = *ends;
  auto text = with_exception(now.file, trial.made, at);
  if (!text) return refused(text.error());
  auto file = policy::parse_exceptions(*text, policy::exceptions_path(settings.classifier.policy));
  if (!file) return refused(file.error());
  trial.policy = compiled_with(context, settings.classifier.policy, now.text, file);
  if (!trial.policy) return std::nullopt;
  if (const auto faults = faults_of_last(*trial.policy, *file); !faults.empty()) return refused(faults);
  trial.text = std::move(*text);
  trial.file = std::move(*file);
  return trial;
}

void add_exception_in(Context& context, const Settings& settings, PolicyFolder& folder,
                      const AskedException& asked, bool quiet) {
  const auto now = policy_with_exceptions(context, settings);
  if (!now) return;
  const auto trial = try_exception(context, settings, *now, asked, wall_clock());
  if (!trial) return;
  put_in_force(context, settings, folder, now->text,
               {.name = {},
                .reason = fmt::format("exception {} added: {}", asked.made.name, asked.made.reason),
                .author = asked.made.by,
                .exceptions = trial->text,
                .quiet = quiet});
}

void remove_exception_in(Context& context, const Settings& settings, PolicyFolder& folder,
                         const std::string& name, const Removal& removal, bool quiet) {
  const auto now = policy_with_exceptions(context, settings);
  if (!now) return;
  for (const policy::Exception& one : now->policy->parts().exceptions) {
    if (one.kept || one.name != name) continue;
    return context.fail(Error{ErrorCode::kInvalid,
                              fmt::format("exception {} stands in the policy, line {}", name, one.line),
                              "apply a policy without it",
                              {}});
  }
  const auto text = without_exception(now->file, name, removal, wall_clock());
  if (!text) return context.fail(text.error());
  const std::string why = removal.reason.empty() ? "" : ": " + removal.reason;
  put_in_force(context, settings, folder, now->text,
               {.name = {},
                .reason = fmt::format("exception {} removed{}", name, why),
                .author = removal.by,
                .exceptions = *text,
                .quiet = quiet});
}

}  // namespace weir::ctl
