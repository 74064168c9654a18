// SPDX-License-Identifier: Apache-2.0
// Violations as rows and in words.
#pragma once

#include <string>
#include <vector>

#include "policy/ctl/output.h"
#include "policy/ctl/people.h"
#include "policy/store/violation_store.h"

namespace weir::ctl {

[[nodiscard]] Json violation_row(const policy::Violation& violation, TimeNs now, const PeopleShown& shown);
[[nodiscard]] Json history_rows(const std::vector<policy::ViolationChange>& history);
/// Who did what, when and how often, by which rule; what was done about it; notes.
[[nodiscard]] std::string violation_story(const policy::Violation& violation,
                                          const std::vector<policy::ViolationChange>& history, TimeNs now,
                                          const PeopleShown& shown);

}  // namespace weir::ctl
