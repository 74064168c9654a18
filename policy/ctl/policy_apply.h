// SPDX-License-Identifier: Apache-2.0
// Puts a policy text in force on every worker; on a mistake or a refusal the present one stays.
#pragma once

#include <optional>
#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_files.h"

namespace weir::ctl {

struct ApplyOptions {
  std::string name;                         // what messages call the text
  std::string reason;                       // for the log
  TimeNs confirm_within = 0;                // 0: for good
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
/// Waits for the time of `revision` to pass, and takes it back unless it was confirmed or replaced. The
/// program itself, left behind by apply_text.
void await_confirmation(Context& context, std::uint32_t revision);

/// For an option that takes a reason: empty, or what is wrong with it.
[[nodiscard]] std::string is_reason(const std::string& text);

}  // namespace weir::ctl
