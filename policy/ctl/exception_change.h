// SPDX-License-Identifier: Apache-2.0
// Makes and removes exceptions while a policy is in force, on behalf of a person. The policy's text stays and
// gets a new revision: live flows ask again, and the history says why.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/exceptions.h"
#include "policy/ctl/policy_files.h"

namespace weir::ctl {

/// The policy in force with the exceptions beside it, and its text.
struct PolicyWithExceptions {
  std::string text;
  policy::ExceptionsFile file;
  std::shared_ptr<const policy::Policy> policy;
};
/// nullopt: the mistakes are told; kNotFound where there is no policy.
[[nodiscard]] std::optional<PolicyWithExceptions> policy_with_exceptions(Context& context,
                                                                         const Settings& settings);

/// A text with the exceptions of a file. nullptr: its mistakes are told.
[[nodiscard]] std::shared_ptr<const policy::Policy> compiled_with(
    Context& context, const std::string& policy_path, const std::string& text,
    const ResultAll<policy::ExceptionsFile>& file);

/// What somebody asks for: one of `until` and `lasting` says when it ends.
struct AskedException {
  NewException made;    // but its end
  std::string until;    // a day or a moment (policy/lang/exceptions.h, parse_end)
  std::string lasting;  // "90m", "12h", "30d" from now
};
/// The same with one more; nothing is in force yet.
struct ExceptionTrial {
  NewException made;  // with its end
  std::string text;   // of the file beside the policy
  policy::ExceptionsFile file;
  std::shared_ptr<const policy::Policy> policy;
};
/// nullopt: what is wrong with it is told.
[[nodiscard]] std::optional<ExceptionTrial> try_exception(Context& context, const Settings& settings,
                                                          const PolicyWithExceptions& now,
                                                          const AskedException& asked, TimeNs at);

/// In a folder that is locked. Prints the revision unless `quiet`; `context.done` says what came of it.
void add_exception_in(Context& context, const Settings& settings, PolicyFolder& folder,
                      const AskedException& asked, bool quiet);
/// The same for one that ends before its time. kInvalid: it stands in the policy's text.
void remove_exception_in(Context& context, const Settings& settings, PolicyFolder& folder,
                         const std::string& name, const Removal& removal, bool quiet);

}  // namespace weir::ctl
