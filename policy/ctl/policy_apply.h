// SPDX-License-Identifier: Apache-2.0
// Puts a policy text in force on every worker; on a mistake or a refusal the present one stays.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_files.h"

namespace weir::policy {
class Policy;
}

namespace weir::ctl {

struct ApplyOptions {
  std::string name;                         // what messages call the text
  std::string reason;                       // for the log
  std::string author{};                     // likewise; empty: who runs this
  TimeNs confirm_within = 0;                // 0: for good; of a canary: how long it lasts
  std::string canary{};                     // the group of the policy in force that it is for; empty: all
  bool promotes = false;                    // a canary is for all at its end, else it goes away
  bool supersedes = false;                  // also while another revision waits to be confirmed
  std::optional<std::string> exceptions{};  // that go with it; nullopt: they stay as they are
  bool quiet = false;                       // nothing is printed when it worked
};

/// Prints the revision and on how many workers it is in force.
void apply_text(Context& context, const Settings& settings, const std::string& text,
                const ApplyOptions& options);
/// The same in a folder that is locked already.
void apply_in(Context& context, const Settings& settings, PolicyFolder& folder, const std::string& text,
              const ApplyOptions& options);
/// The text as a policy that holds, whose warnings are printed; nullptr: its mistakes are.
[[nodiscard]] std::shared_ptr<const policy::Policy> checked_policy(Context& context,
                                                                   const PolicyFolder& folder,
                                                                   const std::string& text,
                                                                   const std::string& name);
/// `weirctl policy COMMAND NUMBER` as a process of its own session that outlives this one. It runs when this
/// returns, and so has let go of the folder's lock whatever then becomes of us.
void leave_behind(const Context& context, const std::string& command, std::uint32_t number);
/// Once another weirctl has let go of the folder.
[[nodiscard]] std::optional<PolicyFolder> lock_at_last(const std::string& policy_path);
/// The policy in force once more, as a new revision, over files beside it that have changed. False: it, its
/// tests or a classifier refused them; what was in force is. True also where there is no policy yet.
[[nodiscard]] bool apply_in_force(Context& context, const Settings& settings, const std::string& reason);
/// Waits for the time of `revision` to pass, and ends it unless it was confirmed or replaced. The program
/// itself, left behind by apply_text.
void await_confirmation(Context& context, std::uint32_t revision);
/// What comes after a revision that waited, in a folder that is locked: the one before, or the canary for
/// all.
void end_pending(Context& context, const Settings& settings, PolicyFolder& folder,
                 const policy::Pending& pending);
/// Puts the canary in force for all, as a new revision, so that the flows of the others are judged again.
void promote(Context& context, const Settings& settings, PolicyFolder& folder, const policy::Pending& canary);

/// For an option that takes a reason: empty, or what is wrong with it.
[[nodiscard]] std::string is_reason(const std::string& text);

}  // namespace weir::ctl
