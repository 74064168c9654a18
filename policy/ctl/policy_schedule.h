// SPDX-License-Identifier: Apache-2.0
// A policy that comes into force at a time, as if `weirctl policy apply` were said then.
#pragma once

#include <string>

#include "policy/ctl/context.h"
#include "policy/ctl/policy_apply.h"

namespace weir::ctl {

struct ScheduleWords {
  std::string at;             // policy/lang/moment.h
  bool over_changes = false;  // also over another text than the present one
};

/// Checks the text now, keeps it beside the policy and prints when it comes into force.
void schedule_text(Context& context, const Settings& settings, const std::string& text,
                   const ApplyOptions& options, const ScheduleWords& words);

}  // namespace weir::ctl
