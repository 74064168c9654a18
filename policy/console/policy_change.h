// SPDX-License-Identifier: Apache-2.0
// What answers that change the policy, or what stands beside it, have in common.
#pragma once

#include <cstdint>
#include <string>

#include "policy/console/desk.h"
#include "policy/ctl/context.h"
#include "policy/ctl/people.h"
#include "policy/ctl/what_if.h"

namespace weir::console {

struct PolicyInForce {
  std::uint32_t revision = 0;  // 0: there is no policy yet
  std::string text;

  /// Of the revision and its text: a number that was taken back is given again.
  [[nodiscard]] std::string tag() const;
};
[[nodiscard]] Result<PolicyInForce> text_in_force(const std::string& policy_path);

/// The revision that waits to be confirmed, or null.
[[nodiscard]] Json pending_json(const std::string& policy_path);
/// Empty: somebody may read it as the reason of a change.
[[nodiscard]] std::string what_is_wrong_with(const std::string& reason);
/// For functions of weirctl, which then say what they have to say in `told` alone.
[[nodiscard]] ctl::Context quiet_context(const Desk& desk, ctl::Told& told);
/// What a change of the policy says (Applied), and its entry in the audit log.
[[nodiscard]] Response applied(Desk& desk, const ctl::Context& context, const ctl::Told& told,
                               policy::AuditEntry entry);
/// WhatIf of the API: at most `most` names of each kind, clients as they are shown.
[[nodiscard]] Json what_if_json(const ctl::WhatIf& counted, std::size_t most, const ctl::PeopleShown& shown);

}  // namespace weir::console
