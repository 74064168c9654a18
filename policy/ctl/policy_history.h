// SPDX-License-Identifier: Apache-2.0
// Revisions of the policy: what was in force before, what differs, and back to it.
#pragma once

#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"

namespace weir::ctl {

struct NamedText {
  std::string name;
  std::string text;
};

/// revision, time, author, state, reason; the newest first.
[[nodiscard]] Json revision_rows(const std::string& policy_path);
/// change, where, name, what. The mistakes of what is no YAML.
[[nodiscard]] ResultAll<Json> diff_rows(const NamedText& from, const NamedText& to);
/// Puts the text of an earlier revision in force as a new one; 0: of the last one with another text. Of
/// `options` the author and the reason count, and `quiet`.
void roll_back(Context& context, const Settings& settings, std::uint32_t revision, ApplyOptions options);
/// The revision that stays in force; 0: there is none, which was told, or a canary is for all now.
[[nodiscard]] std::uint32_t confirm_pending(Context& context, const Settings& settings);

}  // namespace weir::ctl
